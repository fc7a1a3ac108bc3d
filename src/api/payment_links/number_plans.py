"""Number plans: what the form of a pay page knows of countries, their numbers and networks."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

from domain.mobile_money import networks
from domain.network_prefixes import calling_code, network_prefixes
from domain.places import countries


@cache
def plans(currency: str) -> Mapping[str, Mapping[str, Any]]:
    """For the script that follows the number and the country: of each that has mobile money.

    ``networks``: each with its name, what people call it and how its numbers begin; ``others``: how
    numbers begin that have none. Under no name stands what is offered where no country is chosen.
    """
    found = {country: _plan(country, currency) for country in ("", *countries())}
    return {country: plan for country, plan in found.items() if plan["networks"]}


@cache
def listed_countries() -> list[tuple[str, str]]:
    """By name; Åland stands with A."""

    def place(country: tuple[str, str]) -> str:
        return unicodedata.normalize("NFKD", country[1]).casefold()

    return sorted(countries().items(), key=place)


def _plan(country: str, currency: str) -> dict[str, Any]:
    offered = networks(country or None, currency)
    prefixes: dict[str | None, list[str]] = defaultdict(list)
    for prefix, network in network_prefixes(country).items() if country else ():
        prefixes[network].append(prefix)
    return {
        "code": calling_code(country) if country else "",
        "networks": [(name, words, " ".join(prefixes[name])) for name, words in offered.items()],
        "others": " ".join(prefixes[None]),
    }
