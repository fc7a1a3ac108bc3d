"""Listings: what a list is narrowed by, and where one is in it, whichever way the API answers."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from console.api_client import Answer
from console.pages import Page
from console.states import word_of
from console.steps import steps

USUAL: Final = 50
_MOST_AT_ONCE: Final = 200

# Of what goes along from page to page, that which every list takes as its own filter.
_FILTERED: Final = ("currency", "from", "to")


def chips(
    page: Page, labels: Mapping[str, str], words: Collection[str] = ()
) -> Iterator[tuple[str, str]]:
    """What the list is narrowed by, and the list without it; ``words`` are names of the API."""
    for name, label in labels.items():
        every = page.query.every(name)
        for value in every:
            others = [each for each in every if each != value]
            said = word_of(value) if name in words else _as_read(page, value)
            yield f"{label}: {said}", page.here(**{name: others or None})


def _as_read(page: Page, typed: str) -> str:
    """A moment that a link names, as people read it; what they typed stays as it is."""
    try:
        is_moment = datetime.fromisoformat(typed).tzinfo is not None
    except ValueError:
        return typed
    return page.writer.since(typed) if is_moment else typed


def unfiltered(page: Page, labels: Mapping[str, str]) -> str:
    return page.here(**dict.fromkeys(labels))


def hidden(page: Page) -> dict[str, Any]:
    """What a form of filters carries on: all but what stands in its own fields."""
    return {name: value for name, value in page.carried.items() if name not in _FILTERED}


async def whole(page: Page, path: str, name: str) -> list[dict[str, Any]]:
    """All rows of a list of which there are never many: what somebody chooses from, say."""
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        found = await page.api.get(path, limit=_MOST_AT_ONCE, cursor=cursor)
        rows += found[name]
        cursor = found["pagination"]["next_cursor"]
        if cursor is None:
            return rows


def standing(page: Page, found: Answer, *, limit: int = USUAL) -> dict[str, Any]:
    """Of a list that is answered as an array, with its total and next page beside it."""
    offset = page.query.get("offset", "0")
    pagination = {
        "offset": int(offset) if offset.isdecimal() else 0,
        "limit": limit,
        "next_cursor": found.headers.get("whence-next-cursor"),
    }
    total = found.headers.get("x-total-count")
    return {
        "rows": found.body,
        "total": None if total is None else int(total),
        "is_exact": "whence-total-is-exact" not in found.headers,
        **steps(page, pagination, len(found.body)),
    }
