"""Explanations of figures: the facts that add up to them."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.pagination import Cursor, UpTo200, pagination
from api.http.query_fields import Instant
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import needs, new_router
from api.resources.customer_secrecy import told
from api.resources.explanations import CustomerFigure, Explanation, fact_of
from commands.fields import CurrencyCode, Text
from domain.customer import CustomerNotFound
from domain.errors import NotFound
from domain.payment_types import Source
from projections.book_totals import most_used_currency
from projections.customer_profiles import profile
from projections.customers import customer_id_meant
from projections.engine.querying.pages import Page
from projections.explanations import COUNTS, OF_CUSTOMER, OF_SOURCE, Concern, Terms, explain, step
from projections.facts_about import About, of_customer
from projections.periods import start_of
from projections.revenue import revenue_series
from projections.source_breakdown import source_entry
from projections.top_customers import Metric, Period, ranking_entry

router = new_router("explanations")


class NotInRanking(NotFound):
    code = "not_in_ranking"

    def __init__(self, customer_id: str) -> None:
        super().__init__(f"customer {customer_id} is not in this ranking", customer_id=customer_id)


class ExplainFigure(BaseModel):
    """In one currency: the asked one, else the customer's, or the book's most used."""

    limit: UpTo200 = 50
    cursor: Cursor = None
    currency: CurrencyCode | None = None


class ExplainCustomer(ExplainFigure):
    figure: CustomerFigure = "lifetime_value"


class InRange(ExplainFigure):
    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")


class ExplainSource(InRange):
    """Of a source as a whole, or of one `source_id` of it."""

    source: Source
    source_id: Text | None = None
    figure: Literal[
        "count", "succeeded", "amount", "refunded_amount", "disputed_amount", "net_amount"
    ] = "amount"


class ExplainTotals(InRange):
    figure: Literal[
        "count", "succeeded", "amount", "refunded_amount", "disputed_amount", "net_amount"
    ] = "net_amount"


class ExplainRanking(InRange):
    customer_id: Text
    metric: Metric = "total_spent"
    period: Period = "all"
    country: Text | None = None


# What is concerned, by which terms it adds up, and what the views say it comes to.
_Question = tuple[Concern, Terms, int]


@router.get(
    "/v1/customers/top/explain",
    response_model=Explanation,
    responses={404: {}},
    dependencies=[needs("customers:read")],
)
async def explain_ranking(
    request: ApiRequest, query: Annotated[ExplainRanking, Query()]
) -> Response:
    """The facts by which a customer has its place in the ranking."""
    start = query.start or start_of(query.period, request.now)
    is_in_a_range = any((start, query.end, query.country))

    def ask(db: Connection, book: str) -> _Question:
        currency = query.currency or most_used_currency(db, book) or ""
        customer_id = customer_id_meant(db, book, query.customer_id)
        concern = Concern(
            currency,
            customer_id=customer_id,
            country=query.country,
            start=start,
            end=query.end,
        )
        entry = ranking_entry(
            db,
            book,
            customer_id,
            currency=currency,
            country=query.country,
            start=start,
            end=query.end,
        )
        if entry is None:
            raise NotInRanking(query.customer_id)
        if query.metric == "total_spent":
            return concern, OF_CUSTOMER["total_spent"], entry.total_spent
        counted = "successful_payments" if is_in_a_range else "payment_count"
        return concern, OF_CUSTOMER[counted], entry.payment_count

    return await _explained(request, query, query.metric, ask)


@router.get(
    "/v1/customers/{customer_id}/explain",
    response_model=Explanation,
    dependencies=[needs("customers:read")],
)
async def explain_customer(
    request: ApiRequest, customer_id: str, query: Annotated[ExplainCustomer, Query()]
) -> Response:
    """The facts that add up to a figure of the profile; counts are of all currencies."""
    figure = query.figure

    def ask(db: Connection, book: str) -> _Question:
        found = profile(db, book, customer_id)
        if found is None:
            raise CustomerNotFound(customer_id)
        if figure in COUNTS and query.currency is None:
            everywhere = Concern(None, customer_id=customer_id)
            return everywhere, OF_CUSTOMER[figure], getattr(found, figure)
        currency = query.currency or found.currency or ""
        totals = {each.currency: each for each in found.totals_by_currency}.get(currency)
        value = getattr(totals, figure) if totals else 0
        return Concern(currency, customer_id=customer_id), OF_CUSTOMER[figure], value

    return await _explained(request, query, figure, ask, of_customer(customer_id))


@router.get(
    "/v1/payments/stats/explain",
    response_model=Explanation,
    dependencies=[needs("payments:read")],
)
async def explain_totals(request: ApiRequest, query: Annotated[ExplainTotals, Query()]) -> Response:
    """The facts that add up to what happened in a range: to the totals of its series."""
    figure = "created" if query.figure == "count" else query.figure
    end = query.end or request.now

    def ask(db: Connection, book: str) -> _Question:
        currency = query.currency or most_used_currency(db, book) or ""
        series = revenue_series(
            db, book, start=query.start, end=end, granularity="all", currency=currency
        )
        concern = Concern(currency, start=query.start, end=end)
        return concern, OF_SOURCE[figure], getattr(series.totals, figure)

    return await _explained(request, query, query.figure, ask)


@router.get(
    "/v1/payments/stats/sources/explain",
    response_model=Explanation,
    dependencies=[needs("payments:read")],
)
async def explain_source(request: ApiRequest, query: Annotated[ExplainSource, Query()]) -> Response:
    """The facts that add up to a row of the sources."""
    figure = "created" if query.figure == "count" else query.figure

    def ask(db: Connection, book: str) -> _Question:
        currency = query.currency or most_used_currency(db, book) or ""
        row = source_entry(
            db,
            book,
            query.source,
            query.source_id,
            currency=currency,
            start=query.start,
            end=query.end,
        )
        concern = Concern(
            currency,
            source=query.source,
            source_id=query.source_id,
            start=query.start,
            end=query.end,
        )
        return concern, OF_SOURCE[figure], getattr(row, figure)

    return await _explained(request, query, query.figure, ask)


async def _explained(
    request: ApiRequest,
    query: ExplainFigure,
    figure: str,
    ask: Callable[[Connection, str], _Question],
    about: About | None = None,
) -> Response:
    def read(db: Connection, book: str) -> tuple[Any, ...]:
        concern, terms, value = ask(db, book)
        found = step(db, book, concern, terms, limit=query.limit, cursor=query.cursor)
        return concern, terms, value, found

    moment = request.moment
    if about is None:
        answered = await request.ask_at(moment, read)
    else:
        answered = await request.ask_about_at(moment, about, read)
    concern, terms, value, found = answered.result
    explanation = await asyncio.to_thread(
        partial(
            explain,
            request.dependencies.ledger,
            request.book_name,
            concern,
            terms,
            found,
            upto=answered.position,
            as_of=moment.as_of if moment else None,
            limit=query.limit,
        )
    )
    return answer(
        {
            "figure": figure,
            "currency": concern.currency or None,
            "value": value,
            "sum": explanation.sum,
            "facts": [told(request, fact_of(each)) for each in explanation.facts],
            "pagination": pagination(request, Page([], None, explanation.next_cursor), query.limit),
        }
    )
