"""Addresses of pages and of what they ask: ids that are full of signs stay one segment."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

# What is chosen for every page at once, and goes along to the next one.
PAST: Final = ("as_of", "known_at")
TRAVEL: Final = (*PAST, "tz")
CARRIED: Final = (*PAST, "tz", "currency", "from", "to", "preset")


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
