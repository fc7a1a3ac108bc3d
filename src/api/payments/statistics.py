"""Payment statistics: totals, series, latency, errors, sources."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo200, list_answer
from api.http.query_fields import Instant
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import needs, new_router
from api.payments.filters import InBuckets, InPeriod
from api.resources.customer_secrecy import may_ask_for, told
from api.resources.filter_types import Method, StatusName
from api.resources.sources import RankedSources, ranked_source_of
from api.resources.statistics import (
    Errors,
    Latency,
    Series,
    Stats,
    errors_of,
    latency_of,
    series_of,
    stats_of,
)
from commands.fields import CountryCode, CurrencyCode, Text
from domain.payment_types import Source
from projections.customers import customer_id_meant
from projections.failed_attempts import failure_breakdown
from projections.payment_latency import payment_latency
from projections.payment_movements import MovementFilter
from projections.payment_stats import payment_stats
from projections.revenue import revenue_series
from projections.source_breakdown import SourceFigures, ranked_sources

router = new_router("payments")
READ = needs("payments:read")


class ShowStats(InPeriod):
    """Everything in one currency: the asked one, else the most used one.

    ``customer_id`` may be the merchant's own, or an e-mail address.
    """

    currency: CurrencyCode | None = None
    source: Source | None = None
    method: Method | None = None
    provider: Text | None = None
    country: CountryCode | None = None
    status: StatusName | None = None
    customer_id: Text | None = None

    def filter(self, db: Connection, book: str) -> MovementFilter:
        asked = MovementFilter(**self.model_dump(exclude=set(InPeriod.model_fields)))
        customer_id = self.customer_id and customer_id_meant(db, book, self.customer_id)
        return replace(asked, customer_id=customer_id)


class ShowSeries(InBuckets):
    group_by: Literal["source"] | None = None


class ShowErrors(InPeriod):
    currency: CurrencyCode | None = None


class RankSources(PageRequest):
    limit: UpTo200 = 50
    group_by: Literal["source", "source_id"] = "source_id"
    source: Source | None = None
    currency: CurrencyCode | None = None
    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")


@router.get("/v1/payments/stats", response_model=Stats, dependencies=[READ])
async def show_stats(request: ApiRequest, query: Annotated[ShowStats, Query()]) -> Response:
    """How many, how much, by which providers and methods, how fast."""
    may_ask_for(request, query.customer_id)
    start, end = query.range(request.now)

    def read(db: Connection, book: str) -> dict[str, Any]:
        stats = payment_stats(db, book, query.filter(db, book), start=start, end=end)
        return stats_of(stats, payment_latency(db, book, start=start, end=end))

    return answer(await request.ask(read))


@router.get("/v1/payments/stats/series", response_model=Series, dependencies=[READ])
async def show_series(request: ApiRequest, query: Annotated[ShowSeries, Query()]) -> Response:
    """What happened in each hour, day, week or month of any time zone, in all or by source."""
    now = request.now
    start, end = query.range(now)
    series = await request.ask(
        revenue_series,
        start=start,
        end=end or now,
        granularity=query.granularity,
        zone=request.time_zone,
        currency=query.currency,
        by_source=query.group_by == "source",
    )
    return answer(series_of(series))


@router.get("/v1/payments/stats/latency", response_model=Latency, dependencies=[READ])
async def show_latency(request: ApiRequest, query: Annotated[InPeriod, Query()]) -> Response:
    """How long payments took from being created to having succeeded."""
    start, end = query.range(request.now)
    return answer(latency_of(await request.ask(payment_latency, start=start, end=end)))


@router.get("/v1/payments/stats/errors", response_model=Errors, dependencies=[READ])
async def show_errors(request: ApiRequest, query: Annotated[ShowErrors, Query()]) -> Response:
    """Why payments failed, the most frequent reason first; in all currencies, or in one."""
    start, end = query.range(request.now)
    failures = await request.ask(failure_breakdown, start=start, end=end, currency=query.currency)
    return answer(errors_of(failures))


@router.get("/v1/payments/stats/sources", response_model=RankedSources, dependencies=[READ])
async def rank_sources(request: ApiRequest, query: Annotated[RankSources, Query()]) -> Response:
    """Which payment link, say, brought most."""
    ranked = await request.ask(
        ranked_sources,
        group_by=query.group_by,
        source=query.source,
        currency=query.currency,
        start=query.start,
        end=query.end,
        **query.place,
    )

    def show(figures: SourceFigures) -> dict[str, Any]:
        return told(request, ranked_source_of(figures))

    return list_answer(request, "sources", ranked.page, query, show, currency=ranked.currency)
