"""Changes: what differs between two moments, and the facts that made it so."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
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
from api.resources.explanations import CustomerFigure, Explanation, fact_of
from commands.fields import CurrencyCode, Text
from projections.change_explanations import Difference, Seen, ahead, explain_change
from projections.changes import Paid, changes_until, figures, figures_of_everybody, people
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
    figure: CustomerFigure = "lifetime_value"
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
    before, after = moments = _moments(request, query)
    asked = {"customer_id": query.customer_id, "currency": query.currency}
    now = await request.ask_at(after, figures_of_everybody, **asked)
    found = (await request.ask_at(before, changes_until, now.result, most=query.limit)).result
    if now.result.customer_id is None:
        of_whom = {"customer": None}
        of_whom |= customers_of(found, await _people(request, moments, found.named))
    else:
        customer_id = now.result.customer_id
        of_whom = of_one(customer_id, await _people(request, moments, [customer_id]))
    return answer(
        {
            "by": query.by,
            "before": moment_of(before),
            "after": moment_of(after),
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
    before, after = _moments(request, query)
    asked = {"customer_id": query.customer_id, "currency": query.currency}
    now = await request.ask_at(after, figures, **asked)
    customer_id, currency = now.result.customer_id, now.result.currency
    then = await request.ask_at(before, figures, customer_id=customer_id, currency=currency)
    difference = Difference(query.figure, currency, customer_id)
    ledger, book = request.dependencies.ledger, request.book_name
    since = await asyncio.to_thread(ledger.position_at, book, query.since)
    earlier = Seen(then.position, before.as_of)
    later = Seen(now.position, after.as_of if after else None)
    begins = await request.ask_at(
        after,
        ahead,
        difference,
        since=since,
        before=earlier.as_of,
        after=later.as_of,
        cursor=query.cursor,
    )
    explanation = await asyncio.to_thread(
        partial(
            explain_change,
            ledger,
            book,
            difference,
            begins.result,
            before=earlier,
            after=later,
            limit=query.limit,
        )
    )
    was, is_now = (
        getattr(each.result.totals.get(currency or "", Paid()), query.figure)
        for each in (then, now)
    )
    return answer(
        {
            "figure": query.figure,
            "currency": currency,
            "value": is_now - was,
            "sum": explanation.sum,
            "facts": [fact_of(each) for each in explanation.facts],
            "pagination": pagination(request, Page([], None, explanation.next_cursor), query.limit),
        }
    )


def _moments(request: ApiRequest, query: Between) -> tuple[Moment, Moment | None]:
    """The earlier and the later one; what is still to come is the present, which is None."""
    if not request.reads_customers:
        raise insufficient_scope(READS_CUSTOMERS)
    asked, now = request.moment or Moment(), request.dependencies.handler.clock()
    until = query.until or getattr(asked, query.by)
    if query.since > (until or now):
        raise InvalidInput("since", "must not come after until, or after now")
    later = replace(asked, **{query.by: until if until is not None and until < now else None})
    return replace(asked, **{query.by: query.since}), None if later == Moment() else later


async def _people(
    request: ApiRequest, moments: tuple[Moment, Moment | None], ids: Sequence[str]
) -> People:
    """How they are called; who is gone, as before."""
    before, after = moments
    known = (await request.ask_at(after, people, ids)).result
    gone = [each for each in ids if each not in known]
    return (await request.ask_at(before, people, gone)).result | known
