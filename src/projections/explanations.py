"""Explanations: the facts that add up to a figure, read from the ledger to the minor unit.

The views only say which payments may be concerned; what is listed and added up are the facts, so
the sum proves the figure. Reading is bounded: so many payments, and so many facts, for each page.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Table, and_, literal, or_, select

from domain.fact import Fact
from domain.payment import Payment
from ledger.facts import FactMapper, StoredFact
from ledger.ledger import Ledger
from projections.book_totals import was_failed
from projections.engine.querying.conditions import between, equal_to, same
from projections.engine.querying.pages import BadCursor, By, cursor_at, fetch_page
from projections.failed_attempts import failed_attempts
from projections.payments import payments
from projections.payments_as_of import PaymentsAsOf
from projections.refunds_and_disputes import LOST_DISPUTE, REFUND, refunds_and_disputes

# What one fact adds to a figure, by its topic.
Terms = Mapping[str, Callable[[Any], int]]

_SPENT: Terms = {Payment.Succeeded.TOPIC: lambda fact: fact.captured_amount}
_REFUNDED: Terms = {Payment.Refunded.TOPIC: lambda fact: fact.refund_amount}
_LOST: Terms = {Payment.DisputeLost.TOPIC: lambda fact: fact.disputed_amount}
_KEPT: Terms = {
    **_SPENT,
    Payment.Refunded.TOPIC: lambda fact: -fact.refund_amount,
    Payment.DisputeLost.TOPIC: lambda fact: -fact.disputed_amount,
}
_CREATED: Terms = {Payment.Created.TOPIC: lambda _: 1}
_SUCCEEDED: Terms = {Payment.Succeeded.TOPIC: lambda _: 1}

OF_CUSTOMER: Mapping[str, Terms] = {
    "total_spent": _SPENT,
    "refund_amount": _REFUNDED,
    "disputed_amount": _LOST,
    "lifetime_value": _KEPT,
    "payment_count": _CREATED,
    "successful_payments": _SUCCEEDED,
    "failed_payments": {
        Payment.Failed.TOPIC: lambda _: 1,
        Payment.Retried.TOPIC: lambda _: -1,
        Payment.Succeeded.TOPIC: lambda fact: -was_failed(fact),
    },
    "total_refunds": {Payment.Refunded.TOPIC: lambda _: 1},
}
# What may be added up across currencies.
COUNTS = ("payment_count", "successful_payments", "failed_payments", "total_refunds")
OF_SOURCE: Mapping[str, Terms] = {
    "created": _CREATED,
    "succeeded": _SUCCEEDED,
    "amount": _SPENT,
    "refunded_amount": _REFUNDED,
    "disputed_amount": _LOST,
    "net_amount": _KEPT,
}

_SAME = ("currency", "customer_id", "source", "source_id", "country")
_IN_ORDER = (By(payments.c.created_at), By(payments.c.payment_id))


@dataclass(frozen=True, slots=True)
class Concern:
    """Whose payments a figure is about; None does not ask. `start` ≤ what counts < `end`."""

    currency: str | None
    customer_id: str | None = None
    source: str | None = None
    source_id: str | None = None
    country: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The next payments concerned, each with the cursor of what comes after it.

    Of the first, what comes after `version`; `sum` is what the pages before came to.
    """

    payments: list[tuple[str, str]]
    has_more: bool
    begins_after: str | None
    version: int
    sum: int


@dataclass(frozen=True, slots=True)
class ExplainingFact:
    """A fact, and what it adds to the figure: an amount in minor units, or a count."""

    stored: StoredFact
    occurred_at: datetime
    adds: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """`sum` is that of all facts up to the end of this page: on the last one, the figure."""

    facts: list[ExplainingFact]
    sum: int
    next_cursor: str | None


def step(
    connection: Connection,
    book: str,
    concern: Concern,
    terms: Terms,
    *,
    limit: int,
    cursor: str | None,
) -> Step:
    """The payments of the next page, oldest first. Raises BadCursor."""
    before, version, so_far = _place(cursor)
    page = fetch_page(
        connection,
        select(payments.c.payment_id).where(*_concerned(book, concern, terms)),
        _IN_ORDER,
        limit=limit,
        cursor=before,
    )
    found = [(row[0], cursor_at(_IN_ORDER, tuple(row)[-len(_IN_ORDER) :])) for row in page.rows]
    return Step(found, page.next_cursor is not None, before, version, so_far)


def explain(
    ledger: Ledger,
    book: str,
    concern: Concern,
    terms: Terms,
    next_step: Step,
    *,
    upto: int,
    as_of: datetime | None,
    limit: int,
) -> Explanation:
    """The facts of a step, as the book stood at position `upto`, without what came after `as_of`.

    A page ends within a payment when it is full.
    """
    streams = [payment_id for payment_id, _ in next_step.payments]
    stored = ledger.read_streams(
        book, streams, topics=list(terms), after=next_step.version, upto=upto, limit=limit + 1
    )
    mapper, facts = FactMapper() if as_of is None else PaymentsAsOf(as_of), []
    if as_of is not None and next_step.version:
        # What the page before read of its last payment says how the next fact found it.
        before_it = ledger.read_streams(
            book, streams[:1], topics=list(terms), upto=upto, limit=next_step.version
        )
        for each in before_it:
            if each.version <= next_step.version:
                mapper.decode(each)
    for each in stored[:limit]:
        fact: Any = mapper.decode(each)
        adds = terms[each.topic](fact) if _counts(fact, concern) else 0
        if adds:
            facts.append(ExplainingFact(each, fact.occurred_at, adds))
    total = next_step.sum + sum(each.adds for each in facts)
    if len(stored) > limit:
        last = stored[limit - 1]
        place = streams.index(last.stream)
        before = next_step.payments[place - 1][1] if place else next_step.begins_after
        return Explanation(facts, total, _cursor(before, last.version, total))
    if next_step.has_more:
        return Explanation(facts, total, _cursor(next_step.payments[-1][1], 0, total))
    return Explanation(facts, total, None)


def _counts(fact: Fact, concern: Concern) -> bool:
    """Whether it lies in the range; what had not happened as of then is a fact of no kind."""
    at = fact.occurred_at
    return (
        isinstance(fact, Payment.Event)
        and (concern.start is None or concern.start <= at)
        and (concern.end is None or at < concern.end)
    )


def _concerned(book: str, concern: Concern, terms: Terms) -> list[ColumnElement[bool]]:
    alike = equal_to(payments, concern, *_SAME)
    # Whatever stopped being failed had failed.
    topics = [Payment.Failed.TOPIC] if Payment.Failed.TOPIC in terms else list(terms)
    return [payments.c.book == book, *alike, or_(*(_has(topic, concern) for topic in topics))]


def _has(topic: str, concern: Concern) -> ColumnElement[bool]:
    """Whether something of that kind happened to a payment within the range."""
    match topic:
        case Payment.Created.TOPIC:
            return _within(payments.c.created_at, concern)
        case Payment.Succeeded.TOPIC:
            return _within(payments.c.succeeded_at, concern)
        case Payment.Refunded.TOPIC:
            return _given_back(REFUND, concern)
        case Payment.DisputeLost.TOPIC:
            return _given_back(LOST_DISPUTE, concern)
        case _:
            return _exists(failed_attempts, _within(failed_attempts.c.failed_at, concern))


def _given_back(kind: str, concern: Concern) -> ColumnElement[bool]:
    back = refunds_and_disputes.c
    return _exists(refunds_and_disputes, back.kind == kind, _within(back.happened_at, concern))


def _exists(table: Table, *asked: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(literal(1)).where(same(table, payments, "payment_id"), *asked).exists()


def _within(moment: Any, concern: Concern) -> ColumnElement[bool]:
    return and_(*between(moment, concern.start, concern.end))


def _cursor(before: str | None, version: int, total: int) -> str:
    return urlsafe_b64encode(orjson.dumps([before, version, str(total)])).decode().rstrip("=")


def _place(cursor: str | None) -> tuple[str | None, int, int]:
    if cursor is None:
        return None, 0, 0
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        before, version, so_far = orjson.loads(urlsafe_b64decode(padded))
        total = int(so_far)
    except (ValueError, TypeError) as error:
        raise BadCursor from error
    fits = isinstance(before, str | None) and type(version) is int and 0 <= version < 2**31
    if not fits:
        raise BadCursor
    return before, version, total
