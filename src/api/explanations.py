"""Why is a figure what it is? The facts that add up to it."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.bodies.explanations import Explanation as ExplanationBody
from api.http.pagination import Cursor, UpTo200
from api.http.query_fields import CurrencyCode, Instant, Text
from api.http.request import ApiRequest, answer
from api.http.routing import needs, new_router
from api.renderings.values import moment, pagination
from domain.customer import CustomerNotFound
from domain.errors import NotFound
from domain.payment_types import Source
from projections.book_totals import most_used_currency
from projections.customer_profiles import profile
from projections.explanations import (
    OF_CUSTOMER,
    OF_SOURCE,
    Concern,
    ExplainingFact,
    Terms,
    explain,
    step,
)
from projections.source_breakdown import source_entry
from projections.top_customers import Metric, Period, ranking_entry, start_of

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
    figure: Literal[
        "total_spent",
        "refund_amount",
        "disputed_amount",
        "lifetime_value",
        "payment_count",
        "successful_payments",
        "failed_payments",
        "total_refunds",
    ] = "lifetime_value"


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


class ExplainRanking(InRange):
    customer_id: Text
    metric: Metric = "total_spent"
    period: Period = "all"
    country: Text | None = None


# What is concerned, by which terms it adds up, and what the views say it comes to.
_Question = tuple[Concern, Terms, int]


@router.get(
    "/v1/customers/top/explain",
    response_model=ExplanationBody,
    responses={404: {}},
    dependencies=[needs("customers:read")],
)
async def explain_ranking(
    request: ApiRequest, query: Annotated[ExplainRanking, Query()]
) -> Response:
    """The facts by which a customer has its place in the ranking."""
    start = query.start or start_of(query.period, request.now)
    is_in_a_range = any((start, query.end, query.country))

    def ask(db: Connection) -> _Question:
        currency = query.currency or most_used_currency(db, request.book_name) or ""
        concern = Concern(
            currency,
            customer_id=query.customer_id,
            country=query.country,
            start=start,
            end=query.end,
        )
        entry = ranking_entry(
            db,
            request.book_name,
            query.customer_id,
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
    response_model=ExplanationBody,
    dependencies=[needs("customers:read")],
)
async def explain_customer(
    request: ApiRequest, customer_id: str, query: Annotated[ExplainCustomer, Query()]
) -> Response:
    """The facts that add up to a figure of the customer's profile."""
    figure = "refund_count" if query.figure == "total_refunds" else query.figure

    def ask(db: Connection) -> _Question:
        found = profile(db, request.book_name, customer_id)
        if found is None:
            raise CustomerNotFound(customer_id)
        currency = query.currency or found.currency or ""
        totals = {each.currency: each for each in found.totals_by_currency}.get(currency)
        value = getattr(totals, figure) if totals else 0
        return Concern(currency, customer_id=customer_id), OF_CUSTOMER[figure], value

    return await _explained(request, query, query.figure, ask)


@router.get(
    "/v1/payments/stats/sources/explain",
    response_model=ExplanationBody,
    dependencies=[needs("payments:read")],
)
async def explain_source(request: ApiRequest, query: Annotated[ExplainSource, Query()]) -> Response:
    """The facts that add up to a row of the sources."""
    figure = "created" if query.figure == "count" else query.figure

    def ask(db: Connection) -> _Question:
        currency = query.currency or most_used_currency(db, request.book_name) or ""
        row = source_entry(
            db,
            request.book_name,
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
    request: ApiRequest, query: ExplainFigure, figure: str, ask: Callable[[Connection], _Question]
) -> Response:
    def read(db: Connection) -> tuple[Any, ...]:
        concern, terms, value = ask(db)
        found = step(db, request.book_name, concern, terms, limit=query.limit, cursor=query.cursor)
        return concern, terms, value, found

    told = await request.tell(read)
    concern, terms, value, found = told.result
    asked = request.moment
    explanation = await asyncio.to_thread(
        partial(
            explain,
            request.dependencies.ledger,
            request.book_name,
            concern,
            terms,
            found,
            upto=told.position,
            as_of=asked.as_of if asked else None,
            limit=query.limit,
        )
    )
    return answer(
        {
            "figure": figure,
            "currency": concern.currency or None,
            "value": value,
            "sum": explanation.sum,
            "facts": [_fact(each) for each in explanation.facts],
            "pagination": pagination(
                total=None,
                total_is_exact=True,
                limit=query.limit,
                offset=0,
                next_cursor=explanation.next_cursor,
            ),
        }
    )


def _fact(fact: ExplainingFact) -> dict[str, Any]:
    stored = fact.stored
    return {
        "position": stored.position,
        "topic": stored.topic,
        "payment_id": stored.stream,
        "occurred_at": moment(fact.occurred_at),
        "recorded_at": stored.recorded_at,
        "actor": orjson.loads(stored.context).get("actor"),
        "adds": fact.adds,
    }
