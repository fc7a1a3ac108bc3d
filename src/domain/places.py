"""Places: the countries there are (ISO 3166), and their time zones (IANA)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

# What stands in the list for "nobody has said which".
_NO_ZONES = frozenset({"Factory"})


@cache
def countries() -> Mapping[str, str]:
    """The code of every country, with its usual English name: ``countries()["GH"] == "Ghana"``.

    Source: ``iso3166.tab``, which comes with the time zones.
    """
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))


@cache
def time_zones() -> frozenset[str]:
    """The name of every zone, old aliases included.

    A machine may know more names: those of its own clock (``localtime``, ``posixrules``), which
    are another zone on another machine, and are not listed.
    """
    return frozenset((files("tzdata") / "zones").read_text("utf-8").split()) - _NO_ZONES
