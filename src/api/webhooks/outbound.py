"""Outbound webhooks: what endpoints were told, how it went, and how it goes on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, BeforeValidator
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo100, array_answer
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, needs, new_router
from api.resources.export_files import DESCRIBED, ExportFile
from api.resources.outbound import (
    DeliveryStatus,
    OutboundExport,
    OutboundStats,
    OutboundWebhook,
    OutboundWebhookInFull,
    attempt_of,
    figures_of,
)
from api.webhooks.deliveries import (
    asked,
    delivery_of,
    key_of,
    outbound_of_event,
    outbound_told,
    tellings_in_book,
)
from api.webhooks.told_topics import narrowed
from delivery.webhooks.backlog import outbound_counts
from delivery.webhooks.outbound import PENDING, Outbound, Wanted, attempts_of, outbound
from delivery.webhooks.waiting import waiting
from domain.event_types import topics_of, types_wanted
from ledger.clock import written
from ledger.reading import ask
from projections.engine.querying.pages import Page, every_page

router = new_router("webhooks")
READ: Final = needs("webhooks:read")

_STATS_OF: Final = timedelta(days=7)
# Words of other documents of this wire.
_ALIASES: Final = {"delivered": "succeeded", "retrying": "pending", "": None}


class FilterOutbound(BaseModel):
    status: Annotated[
        DeliveryStatus | None, BeforeValidator(lambda word: _ALIASES.get(word, word))
    ] = None
    event_type: str | None = None
    target_url: str | None = None
    endpoint_id: str | None = None

    def wanted(self, request: ApiRequest) -> Wanted:
        named = topics_of(types_wanted([self.event_type])) if self.event_type else None
        return Wanted(
            follower=self.endpoint_id or None,
            url=self.target_url or None,
            topics=narrowed(request, named),
            status=self.status,
        )


class ListOutbound(PageRequest, FilterOutbound):
    event_id: str | None = None
    limit: UpTo100 = 50


class ExportOutbound(ExportFile, FilterOutbound):
    pass


@router.get(
    "/v1/webhooks/events", response_model=list[dict[str, Any]], dependencies=[READ, PRESENT_ONLY]
)
async def list_inbound_events(request: ApiRequest) -> Response:
    """What payment providers sent: nothing, as long as none is connected."""
    return array_answer(request, Page([], 0, None), dict)


@router.get(
    "/v1/webhooks/outbound",
    response_model=list[OutboundWebhook],
    dependencies=[READ, PRESENT_ONLY],
)
async def list_outbound(request: ApiRequest, query: Annotated[ListOutbound, Query()]) -> Response:
    """What was sent last comes first; of what is ``pending``, what was recorded first.

    What was never sent is listed with ``status=pending`` alone, or with ``event_id``: also what an
    endpoint that is down or disabled has not come to. Such a page may have few rows, or none, and
    go on all the same. What is sent and not answered yet is pending as well. With ``event_id`` all
    that endpoints were told of this event, and are to be told, is one page. What happened to
    customers themselves is listed for keys that also have ``customers:read``.
    """
    if query.event_id is not None:
        page = Page(
            await outbound_of_event(request, query.event_id, query.wanted(request)), None, None
        )
    else:
        listed = await _listed(request, query)
        place = query.place
        page = await asked(request, lambda connection: listed(connection, **place))
    return array_answer(request, page, lambda each: outbound_told(request, each))


@router.get(
    "/v1/exports/webhook-deliveries",
    response_model=OutboundExport,
    responses=DESCRIBED,
    dependencies=[READ, PRESENT_ONLY],
)
async def export_outbound(
    request: ApiRequest, query: Annotated[ExportOutbound, Query()]
) -> Response:
    """Every delivery that fits, in the order of the list, as JSON or CSV.

    What is sent while the file is written comes first by then, and may be left out.
    """
    engine, listed = request.dependencies.ledger.engine, await _listed(request, query)

    def page(**place: Any) -> Page[Outbound]:
        return ask(engine, lambda connection: listed(connection, **place))

    rows = (outbound_told(request, each) for each in every_page(page))
    return query.of_now(request, "deliveries", OutboundWebhook, rows)


@router.get(
    "/v1/webhooks/outbound/stats", response_model=OutboundStats, dependencies=[READ, PRESENT_ONLY]
)
async def show_outbound_stats(request: ApiRequest) -> Response:
    """How deliveries went in the last seven days, and what is behind now."""
    book, now = request.book_name, request.dependencies.handler.clock()
    since = written(now - _STATS_OF)
    known, tellings = narrowed(request), await tellings_in_book(request)
    counts = await asked(
        request, lambda db: outbound_counts(db, book, tellings, since=since, known=known)
    )
    return answer({"stats": figures_of(counts)})


@router.get(
    "/v1/webhooks/outbound/{delivery_id}",
    response_model=OutboundWebhookInFull,
    dependencies=[READ, PRESENT_ONLY],
)
async def show_outbound(request: ApiRequest, delivery_id: str) -> Response:
    """With each attempt, for as long as attempts are kept.

    What was answered (``response``) is told to keys that also have ``customers:read``.
    """
    key, book = key_of(delivery_id), request.book_name
    found = await delivery_of(request, key, delivery_id)
    attempts = await asked(request, lambda connection: attempts_of(connection, book, key))
    history = [attempt_of(each, tells=request.reads_customers) for each in attempts]
    return answer(outbound_told(request, found) | {"history": history})


async def _listed(request: ApiRequest, query: FilterOutbound) -> Callable[..., Page[Outbound]]:
    """What waits is found by what endpoints are told; all else stands in tables."""
    book, wanted = request.book_name, query.wanted(request)
    if query.status != PENDING:
        return lambda connection, **place: outbound(connection, book, wanted, **place)
    tellings = await tellings_in_book(request, query.endpoint_id or None)
    return lambda connection, **place: waiting(connection, book, tellings, wanted, **place)
