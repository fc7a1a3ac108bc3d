"""Previews of filters: what an endpoint would have been told, before there is one."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import example, needs, new_router
from api.resources.event_data import data_of
from api.resources.webhook_previews import FilterPreview
from api.webhooks.told_topics import told_of
from commands.webhook_bodies import PreviewFilter
from delivery.envelopes import envelope
from delivery.subjects import Occurrence
from domain.event_types import topics_of, type_of, types_wanted
from projections.customer_events import previous_positions
from projections.event_counts import TopicCount, counts_by_topic

router = new_router("webhooks")

_DAYS: Final = 7
_MOST_EXAMPLES: Final = 3


@router.post(
    "/v1/webhooks/endpoints/preview",
    response_model=FilterPreview,
    dependencies=[needs("webhooks:read", "webhooks:write")],
    openapi_extra=example(events=["payment.*"]),
)
async def preview_filter(request: ApiRequest, command: PreviewFilter) -> Response:
    """How much it would have been told in the last seven days, and three of the newest.

    Nothing is sent. Examples, and what happened to customers themselves, are shown to keys that
    also have ``customers:read``.
    """
    topics = told_of(request, topics_of(types_wanted(command.events)))
    since = datetime.combine((request.now - timedelta(days=_DAYS)).date(), time(), UTC)
    counts = await request.ask(counts_by_topic, since.date(), topics=topics)
    examples = await _examples(request, counts, topics) if request.reads_customers else []
    told: Counter[str | None] = Counter()
    for each in counts:
        told[type_of(each.topic)] += each.news
    shown = [{"type": type_, "deliveries": n} for type_, n in told.most_common() if n]
    return answer(
        {"since": since, "deliveries": told.total(), "types": shown, "examples": examples}
    )


async def _examples(
    request: ApiRequest, counts: Iterable[TopicCount], topics: Collection[str]
) -> list[dict[str, Any]]:
    """The newest of as many kinds, as they would be told."""
    newest = sorted((each.last_news for each in counts if each.last_news), reverse=True)
    positions = newest[:_MOST_EXAMPLES]
    found = await asyncio.to_thread(_occurrences, request, positions)
    return [await _told(request, each, topics) for each in found]


def _occurrences(request: ApiRequest, positions: list[int]) -> list[Occurrence]:
    parts, book = request.dependencies, request.book_name
    stored = parts.ledger.read_at(book, positions)
    return parts.subjects.after(book, stored[::-1])


async def _told(request: ApiRequest, each: Occurrence, topics: Collection[str]) -> dict[str, Any]:
    before: int | None = None
    if each.customer is not None:
        customer_id, position = each.customer.id, each.stored.position
        previous = await request.ask(
            previous_positions, [customer_id], topics=topics, before=position
        )
        before = previous.get(customer_id)
    return envelope(each, data_of(each), previous_position=before)
