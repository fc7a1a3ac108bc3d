"""What happened with a customer, page by page: the facts, and between them what was written."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from console.api_client import Answer
from console.customers.timeline import BEGUN, Entry, entry_of, entry_of_message
from console.pages import Page
from console.steps import steps

_ENTRIES: Final = 20
_MOST_MESSAGES: Final = 100
_FACTS: Final = "/v1/customers/{}/facts"
_PLACE: Final = ("cursor", "offset")


async def what_happened(page: Page, customer_id: str) -> dict[str, Any]:
    """``entries`` of a page, the latest first: ``shown`` of the ``facts``, and what was written.

    A page ends with its last fact, or with as many messages as one may have: there the next begins.
    """
    facts = await page.api.get(_FACTS, customer_id, limit=_ENTRIES, **page.chosen(*_PLACE))
    messages = await _written(page, customer_id, facts)
    shown = [*_shown(facts["facts"], messages)]
    step = steps(page, facts["pagination"], len(shown))
    if page.query.get("message_cursor"):
        step["back"] = step["back"] or page.here()
    if messages["pagination"]["next_cursor"]:
        step["next"] = await _within(page, customer_id, len(shown), messages)
    return {
        "facts": facts,
        "shown": len(shown),
        "entries": [*_entries(page, shown, messages["history"])],
        **step,
    }


async def _written(page: Page, customer_id: str, facts: Answer) -> Answer:
    """From the last fact of the page until the one before its first, or from where it was left."""
    recorded, pagination = facts["facts"], facts["pagination"]
    within: dict[str, Any] = {}
    if recorded and pagination["next_cursor"]:
        within["from"] = recorded[-1]["recorded_at"]
    if left := page.query.get("message_cursor"):
        within["cursor"] = left
    elif pagination["offset"]:
        before = await page.api.get(_FACTS, customer_id, limit=1, offset=pagination["offset"] - 1)
        within["to"] = before["facts"][0]["recorded_at"]
    path = "/v1/customers/{}/history"
    return await page.api.get(path, customer_id, types="message", limit=_MOST_MESSAGES, **within)


def _shown(facts: list[Mapping[str, Any]], messages: Answer) -> Iterator[Mapping[str, Any]]:
    """The facts down to the last message, where more messages follow than are shown."""
    for each in facts:
        if messages["pagination"]["next_cursor"]:
            last = messages["history"][-1]
            if _moment(each["recorded_at"]) < _moment(last["occurred_at"]):
                return
        yield each


async def _within(page: Page, customer_id: str, shown: int, messages: Answer) -> str:
    """The page that goes on after so many of the facts of this one, and after these messages."""
    place: dict[str, Any] = page.chosen(*_PLACE)
    if shown:
        upto = (await page.api.get(_FACTS, customer_id, **place | {"limit": shown}))["pagination"]
        place = {"cursor": upto["next_cursor"], "offset": upto["offset"] + shown}
    return page.here(**place, message_cursor=messages["pagination"]["next_cursor"])


def _entries(
    page: Page, facts: list[Mapping[str, Any]], messages: list[Mapping[str, Any]]
) -> Iterator[Entry]:
    found = [(each["recorded_at"], entry_of(each, page)) for each in facts]
    found += [(each["occurred_at"], entry_of_message(each, page)) for each in messages]
    entries = [entry for _, entry in sorted(found, key=lambda at: _moment(at[0]), reverse=True)]
    yield from _folded(entries)


def _folded(entries: list[Entry]) -> Iterator[Entry]:
    """A payment that began, and nothing happened until it succeeded or failed, is told once."""
    began = ""
    for entry, before in zip(entries, [*entries[1:], None], strict=True):
        if entry.id == began:
            continue
        if before and before.title == BEGUN and before.href and before.href == entry.href:
            began = before.id
            yield replace(entry, raw=f"{entry.raw}\n{before.raw}", how=entry.how or before.how)
        else:
            yield entry


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written)
