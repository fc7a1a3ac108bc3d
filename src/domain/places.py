"""Places: the countries there are, by ISO 3166."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def countries() -> Mapping[str, str]:
    """The code of every country, with its usual English name: ``countries()["GH"] == "Ghana"``.

    Source: ``iso3166.tab``, which comes with the time zones.
    """
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))
