"""Changes: by what the figures of a book, or of one customer, differ between two moments.

The views of two moments are in two databases: each is asked for its figures by itself, with the
queries that answer for it alone, and what differs is found afterwards.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import nlargest, nsmallest
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from projections.book_totals import CurrencyTotals, totals_by_currency, totals_of
from projections.customer_summary import most_used_first
from projections.customer_totals import customer_totals
from projections.customers import (
    CustomerRecord,
    customer_id_meant,
    customers,
    record_of,
    still_there,
)
from projections.source_breakdown import SourceFigures, source_breakdown


class Paid(NamedTuple):
    """What was paid and given back in one currency, in its minor unit."""

    total_spent: int = 0
    refund_amount: int = 0
    disputed_amount: int = 0
    payment_count: int = 0
    successful_payments: int = 0
    failed_payments: int = 0
    total_refunds: int = 0

    @property
    def lifetime_value(self) -> int:
        return self.total_spent - self.refund_amount - self.disputed_amount


_NOTHING: Final = Paid()


@dataclass(frozen=True, slots=True)
class Figures:
    """Those of a book, or of one customer, at a moment; `by_source` and `paid` in `currency`.

    `paid` is what each customer paid, `there` who is registered, and not deleted: only of a book,
    and only where it is asked for.
    """

    customer_id: str | None
    currency: str | None
    totals: Mapping[str, Paid]
    by_source: Mapping[str, SourceFigures]
    paid: Mapping[str, Paid] = field(default_factory=dict)
    there: frozenset[str] = frozenset()


class Some(NamedTuple):
    """The first of `total` customers, by id."""

    total: int
    first: Sequence[str]


@dataclass(frozen=True, slots=True)
class Changes:
    """What two moments say apart.

    `changed_customers` are worth more, or less, than before, or paid otherwise: by how much, first
    most. Of those who are new, and of those who are gone, who was registered last comes first.
    """

    before: Figures
    after: Figures
    changed_customers: Some
    new_customers: Some
    gone_customers: Some

    @property
    def currencies(self) -> list[str]:
        """The most used first."""
        return list(dict.fromkeys((*self.after.totals, *self.before.totals)))

    @property
    def named(self) -> list[str]:
        """The first of each of these."""
        some = (self.changed_customers, self.new_customers, self.gone_customers)
        return list(dict.fromkeys(each for ids in some for each in ids.first))


def changes_until(connection: Connection, book: str, after: Figures, *, most: int) -> Changes:
    """What figures of later say otherwise than those of this moment; of customers the first.

    Every customer is held against themselves: it belongs where queries run.
    """
    asked = {"customer_id": after.customer_id, "currency": after.currency}
    before = figures_of_everybody(connection, book, **asked)
    return Changes(
        before,
        after,
        changed_customers=_changed(before.paid, after.paid, most),
        new_customers=_last(after.there - before.there, most),
        gone_customers=_last(before.there - after.there, most),
    )


def figures_of_everybody(
    connection: Connection,
    book: str,
    *,
    customer_id: str | None = None,
    currency: str | None = None,
) -> Figures:
    """The same as `figures`, and of a book what each customer paid, and who is there."""
    found = figures(connection, book, customer_id=customer_id, currency=currency)
    if found.customer_id is not None:
        return found
    paid = _everybody(connection, book, found.currency)
    return replace(found, paid=paid, there=_there(connection, book))


def figures(
    connection: Connection,
    book: str,
    *,
    customer_id: str | None = None,
    currency: str | None = None,
) -> Figures:
    """Without `currency`: the book's most used, or that of the customer.

    Of somebody deleted the payments are told as ever.
    """
    meant = customer_id and customer_id_meant(connection, book, customer_id)
    sources = source_breakdown(connection, book, customer_id=meant, currency=currency, limit=1)
    totals = (
        totals_by_currency(connection, book) if meant is None else _theirs(connection, book, meant)
    )
    return Figures(
        customer_id=meant,
        currency=sources.currency,
        totals={each.currency: _paid(each) for each in totals},
        by_source={each.source: each for each in sources.by_source},
    )


def people(connection: Connection, book: str, ids: Collection[str]) -> dict[str, CustomerRecord]:
    """Those of these customers who are there."""
    among = customers.c.customer_id.in_(ids)
    rows = connection.execute(
        select(customers).where(customers.c.book == book, among, *still_there())
    )
    return {row.customer_id: record_of(row) for row in rows}


def _changed(before: Mapping[str, Paid], after: Mapping[str, Paid], most: int) -> Some:
    changed = [each for each, paid in after.items() if paid != before.get(each)]

    def by_how_much(each: str) -> tuple[int, int, str]:
        was, is_now = before.get(each, _NOTHING), after[each]
        worth = abs(is_now.lifetime_value - was.lifetime_value)
        return -worth, -abs(is_now.total_spent - was.total_spent), each

    return Some(len(changed), nsmallest(most, changed, by_how_much))


def _last(ids: Collection[str], most: int) -> Some:
    return Some(len(ids), nlargest(most, ids))


def _theirs(connection: Connection, book: str, customer_id: str) -> list[CurrencyTotals]:
    column = customer_totals.c
    query = select(customer_totals).where(column.book == book, column.customer_id == customer_id)
    return [totals_of(row) for row in connection.execute(query.order_by(*most_used_first(column)))]


def _paid(totals: CurrencyTotals) -> Paid:
    return Paid(*(getattr(totals, name) for name in Paid._fields))


def _everybody(connection: Connection, book: str, currency: str | None) -> dict[str, Paid]:
    column = customer_totals.c
    query = select(
        column.customer_id,
        column.total_spent,
        column.refund_amount,
        column.disputed_amount,
        column.payment_count,
        column.successful_payments,
        column.failed_payments,
        column.refund_count,
    ).where(column.book == book, column.currency == currency)
    return {row[0]: Paid._make(row[1:]) for row in connection.execute(query)}


def _there(connection: Connection, book: str) -> frozenset[str]:
    query = select(customers.c.customer_id).where(customers.c.book == book, *still_there())
    return frozenset(connection.execute(query).scalars())
