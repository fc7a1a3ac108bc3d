"""What happened with a customer, page by page: the facts, and between them what was written."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from console.api_client import Answer
from console.customers.timeline import Entry, entry_of, entry_of_message
from console.pages import Page
from console.steps import steps

_ENTRIES: Final = 20
_MOST_MESSAGES: Final = 100
_FACTS: Final = "/v1/customers/{}/facts"


async def what_happened(page: Page, customer_id: str) -> dict[str, Any]:
    """``entries`` of a page of ``facts``, the latest first, and its place among all."""
    place = page.chosen("cursor", "offset")
    facts = await page.api.get(_FACTS, customer_id, limit=_ENTRIES, **place)
    within = await _time_of(page, customer_id, facts)
    messages = await page.api.get(
        "/v1/customers/{}/history",
        customer_id,
        types="message",
        limit=_MOST_MESSAGES,
        **within,
    )
    return {
        "facts": facts,
        "entries": [*_entries(page, facts["facts"], messages["history"])],
        **steps(page, facts["pagination"], len(facts["facts"])),
    }


async def _time_of(page: Page, customer_id: str, facts: Answer) -> dict[str, Any]:
    """From the last fact of the page until the one before its first: so no message is left out."""
    recorded, pagination = facts["facts"], facts["pagination"]
    within = {}
    if recorded and pagination["next_cursor"]:
        within["from"] = recorded[-1]["recorded_at"]
    if pagination["offset"]:
        before = await page.api.get(_FACTS, customer_id, limit=1, offset=pagination["offset"] - 1)
        within["to"] = before["facts"][0]["recorded_at"]
    return within


def _entries(
    page: Page, facts: list[Mapping[str, Any]], messages: list[Mapping[str, Any]]
) -> Iterator[Entry]:
    found = [(each["recorded_at"], entry_of(each, page)) for each in facts]
    found += [(each["occurred_at"], entry_of_message(each, page)) for each in messages]
    for _, entry in sorted(found, key=_moment, reverse=True):
        yield entry


def _moment(found: tuple[str, Entry]) -> datetime:
    return datetime.fromisoformat(found[0])
