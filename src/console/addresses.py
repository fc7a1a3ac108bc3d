"""Addresses of pages and of what they ask: ids that are full of signs stay one segment."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

# What is chosen for every page at once, and goes along to the next one.
PAST: Final = ("as_of", "known_at")
TRAVEL: Final = (*PAST, "tz")
MONEY: Final = ("currency", "from", "to", "preset")
# Pages about a time and a currency, and those between which one goes back and forth.
_OF_MONEY: Final = frozenset(
    {
        *("/console", "/console/changes"),
        *(f"/console/{each}" for each in ("customers", "links", "subscriptions", "invoices")),
        *("/console/customers/top", "/console/customers/top/explain"),
        *("/console/payments", "/console/payments/refunds", "/console/payments/disputes"),
        "/console/payments/explain",
    }
)
# Of one thing, or yet to be made: in a currency, and of no time.
_IN_A_CURRENCY: Final = frozenset(
    {
        *("/console/customers/{}", "/console/customers/{}/explain"),
        *("/console/links/new", "/console/subscriptions/new"),
    }
)


def taken_by(path: str) -> tuple[str, ...]:
    """What of MONEY goes along to a page: where it means nothing, it does not cling."""
    if path.removesuffix(".csv") in _OF_MONEY:
        return MONEY
    return ("currency",) if path in _IN_A_CURRENCY else ()


def address(path: str, *segments: str, **query: Any) -> str:
    """``{}`` in the path stands for the segments; what is None, or empty, is not asked for."""
    if segments:
        path = path.format(*(quote(each, safe="") for each in segments))
    return with_query(path, query)


def with_query(path: str, query: Mapping[str, Any]) -> str:
    asked = urlencode([*_pairs(query)])
    return f"{path}?{asked}" if asked else path


def _pairs(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        for each in value if isinstance(value, list | tuple) else [value]:
            if each is not None and each != "":
                yield name, _written(each)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)
