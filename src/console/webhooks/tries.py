"""Tries: how often that which waits was sent in vain while its endpoint is down.

None of them counts as an attempt to the API, but people see each of them on the delivery's page: a
list says the same.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from console.pages import Page

_WAITS: Final = ("pending", "delivering")
_Told = Mapping[str, Any]


async def as_tried(
    page: Page, told: Iterable[_Told], endpoints: Iterable[_Told]
) -> list[dict[str, Any]]:
    """Deliveries as their pages tell them; ``endpoints``: those they may have gone to."""
    told = [*told]
    failing = {each["id"] for each in endpoints if each["failing_since"]}
    asked = {each["endpoint_id"] for each in told if waits(each)} & failing
    answers = await _every(page, "/v1/webhooks/endpoints/{}", asked)
    tried = {each["delivery_id"] for answer in answers for each in answer["backlog"]["tries"]}
    known = {each["id"] for each in told if waits(each) and _told_first(each["id"]) in tried}
    found = {each["id"]: each for each in await _every(page, "/v1/webhooks/outbound/{}", known)}
    return [
        _with_tries(each, found[each["id"]]["history"]) if each["id"] in found else {**each}
        for each in told
    ]


def _told_first(delivery_id: str) -> str:
    """What is told again by this delivery: a try in vain is of both."""
    return "_".join(delivery_id.split("_")[:2])


def waits(told: _Told) -> bool:
    return told["status"] in _WAITS


async def _every(page: Page, path: str, ids: Iterable[str]) -> list[_Told]:
    answers = await asyncio.gather(*(page.api.get(path, each) for each in sorted(ids)))
    return [each.body for each in answers]


def _with_tries(told: _Told, history: list[_Told]) -> dict[str, Any]:
    if not history:
        return {**told}
    latest = history[-1]
    return {
        **told,
        # The first of them may be too old to be kept.
        "attempts": history[0]["attempt"] + len(history) - 1,
        "last_attempt_at": latest["at"],
        "target_url": latest["url"],
        "response_code": latest["response_code"],
        "last_error": latest["error"],
    }
