"""Changes: what differs between two moments, and the facts that made it so."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from api.http.errors import InvalidInput, insufficient_scope
from api.http.pagination import Cursor, UpTo100, UpTo200, pagination
from api.http.query_fields import Instant
from api.http.request import READS_CUSTOMERS, ApiRequest
from api.http.responses import answer
from api.http.routing import needs, new_router
from api.resources.changes import (
    Changes,
    People,
    customers_of,
    figures_of,
    moment_of,
    of_one,
)
from api.resources.explanations import Explanation, fact_of
from commands.fields import CurrencyCode, Text
from projections.change_explanations import Difference, Seen, explain_change, look
from projections.changes import Changes as Found
from projections.changes import Paid, people, standing
from projections.engine.querying.pages import Page
from projections.engine.time_travel.reader import Moment

router = new_router("explanations")
READ = needs("payments:read")


class Between(BaseModel):
    """Two moments, in one currency: the asked one, else the customer's, or the book's most used.

    `customer_id` may be the merchant's own, or an e-mail address.
    """

    since: Instant
    until: Instant | None = None
    by: Literal["known_at", "as_of"] = "known_at"
    currency: CurrencyCode | None = None
    customer_id: Text | None = None


class CompareMoments(Between):
    limit: UpTo100 = 10


class ExplainChange(Between):
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
    limit: UpTo200 = 50
    cursor: Cursor = None


@router.get("/v1/changes", response_model=Changes, dependencies=[READ])
async def show_changes(request: ApiRequest, query: Annotated[CompareMoments, Query()]) -> Response:
    """What the figures at two moments differ by.

    By `known_at` what was recorded between them makes the difference, by `as_of` what happened
    between them. With `as_of` as well, they are the figures of that moment, as they were known at
    the two: what last month's have become since they were reported. The key also needs
    `customers:read`.
    """
    compared = await _compared(request, query)
    found, customer_id = compared.found, compared.found.after.customer_id
    if customer_id is None:
        known = await _people(request, compared, found.named(query.limit))
        of_whom = {"customer": None, **customers_of(found, known, query.limit)}
    else:
        known = await _people(request, compared, [customer_id])
        of_whom = of_one(customer_id, known)
    return answer(
        {
            "by": query.by,
            "before": moment_of(compared.before),
            "after": moment_of(compared.after),
            **figures_of(found),
            **of_whom,
        }
    )


@router.get("/v1/changes/explain", response_model=Explanation, dependencies=[READ])
async def explain_changes(
    request: ApiRequest, query: Annotated[ExplainChange, Query()]
) -> Response:
    """The facts that add up to a difference, in the order in which they were recorded.

    Those that make none are passed over, for a few seconds at most: so a page may have few, or
    none, and there are more as long as there is a `next_cursor`. The key also needs
    `customers:read`.
    """
    compared = await _compared(request, query)
    before, after = compared.found.before, compared.found.after
    difference = Difference(query.figure, after.currency, after.customer_id)
    ledger, book = request.dependencies.ledger, request.book_name
    since = await asyncio.to_thread(ledger.position_at, book, query.since)
    begins = await request.compare_with(
        compared.after,
        look,
        difference,
        since=since,
        before=compared.before.as_of,
        after=compared.after.as_of if compared.after else None,
        cursor=query.cursor,
    )
    explanation = await asyncio.to_thread(
        partial(
            explain_change,
            ledger,
            book,
            difference,
            begins.result,
            before=Seen(compared.position_before, compared.before.as_of),
            after=Seen(compared.position, compared.after.as_of if compared.after else None),
            limit=query.limit,
        )
    )
    currency = after.currency or ""
    was, is_now = (each.totals.get(currency, Paid()) for each in (before, after))
    return answer(
        {
            "figure": query.figure,
            "currency": after.currency,
            "value": getattr(is_now, query.figure) - getattr(was, query.figure),
            "sum": explanation.sum,
            "facts": [fact_of(each) for each in explanation.facts],
            "pagination": pagination(request, Page([], None, explanation.next_cursor), query.limit),
        }
    )


@dataclass(frozen=True, slots=True)
class _Compared:
    """Two moments (None is now), up to which position each is told, and what they differ by."""

    before: Moment
    after: Moment | None
    position_before: int
    position: int
    found: Found


async def _compared(request: ApiRequest, query: Between) -> _Compared:
    if not request.reads_customers:
        raise insufficient_scope(READS_CUSTOMERS)
    before, after = _moments(request, query)
    now = await request.ask_at(
        after, standing, customer_id=query.customer_id, currency=query.currency
    )
    then = await request.compare_with(
        before, standing, customer_id=now.result.customer_id, currency=now.result.currency
    )
    found = Found(then.result, now.result)
    return _Compared(before, after, then.position, now.position, found)


def _moments(request: ApiRequest, query: Between) -> tuple[Moment, Moment | None]:
    """The earlier and the later one; what is still to come is the present."""
    asked, now = request.moment or Moment(), request.dependencies.handler.clock()
    until = query.until or getattr(asked, query.by)
    if query.since > (until or now):
        raise InvalidInput("since", "must not come after until, or after now")
    later = replace(asked, **{query.by: until if until is not None and until < now else None})
    return replace(asked, **{query.by: query.since}), None if later == Moment() else later


async def _people(request: ApiRequest, compared: _Compared, ids: Sequence[str]) -> People:
    """How they are called; who is gone, as before."""
    known = (await request.compare_with(compared.after, people, ids)).result
    gone = [each for each in ids if each not in known]
    return (await request.compare_with(compared.before, people, gone)).result | known
