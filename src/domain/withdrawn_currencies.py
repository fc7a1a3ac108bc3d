"""Withdrawn currencies: what was money in this century, until when, and with how many decimals.

Codes and months are those of ISO 4217 list three; where people could pay for longer (CLDR), that
month. Decimals are those of ISO 4217 while a code stood in list one; list three has none.
"""

from typing import Final

# The last month in which the currency was money.
LAST_MONTHS: Final = {
    "ADP": "2003-07",
    "AFA": "2003-01",
    "ANG": "2025-06",
    "ATS": "2002-03",
    "AZM": "2006-12",
    "BEF": "2002-03",
    "BGL": "2003-11",
    "BGN": "2026-01",
    "BYB": "2001-01",
    "BYR": "2017-01",
    "CSD": "2006-10",
    "CUC": "2021-06",
    "CYP": "2008-01",
    "DEM": "2002-05",
    "EEK": "2011-01",
    "ESP": "2002-03",
    "FIM": "2002-03",
    "FRF": "2002-03",
    "GHC": "2008-01",
    "GRD": "2002-03",
    "HRK": "2023-01",
    "IEP": "2002-03",
    "ITL": "2002-03",
    "LTL": "2014-12",
    "LUF": "2002-03",
    "LVL": "2014-01",
    "MGF": "2004-12",
    "MRO": "2018-06",
    "MTL": "2008-01",
    "MZM": "2006-12",
    "NLG": "2002-03",
    "PTE": "2002-03",
    "ROL": "2006-12",
    "RUR": "2004-01",
    "SDD": "2007-07",
    "SIT": "2007-01",
    "SKK": "2009-01",
    "SLL": "2023-12",
    "SRG": "2003-12",
    "STD": "2017-12",
    "TMM": "2009-01",
    "TPE": "2002-11",
    "TRL": "2005-12",
    "VEB": "2008-06",
    "VEF": "2018-08",
    "YUM": "2003-07",
    "ZMK": "2013-01",
    "ZWD": "2008-08",
    "ZWL": "2024-09",
    "ZWN": "2006-09",
    "ZWR": "2009-06",
}
# All others had two.
WITHOUT_DECIMALS: Final = frozenset(
    ("ADP", "BEF", "BYB", "BYR", "ESP", "GRD", "ITL", "LUF", "MGF", "PTE", "TPE", "TRL")
)
