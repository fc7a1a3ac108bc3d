"""Changes: by what the figures of a book, or of one customer, differ between two moments.

The views of two moments are in two databases: each is asked for its figures by itself, with the
queries that answer for it alone, and what differs is found afterwards.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

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

    def less(self, other: "Paid") -> "Paid":
        return Paid(*(ours - theirs for ours, theirs in zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a book, or one customer, stands at a moment; `by_source` and `paid` in `currency`.

    `paid` is what each customer paid, `there` who is registered, and not deleted: of one customer
    neither is told.
    """

    customer_id: str | None
    currency: str | None
    totals: Mapping[str, Paid]
    by_source: Mapping[str, SourceFigures]
    paid: Mapping[str, Paid]
    there: frozenset[str]


@dataclass(frozen=True)
class Changes:
    """What two moments say apart; customers by id."""

    before: Standing
    after: Standing

    @property
    def currencies(self) -> list[str]:
        """The most used first."""
        return list(dict.fromkeys((*self.after.totals, *self.before.totals)))

    @cached_property
    def changed_customers(self) -> list[str]:
        """Who is worth more, or less, than before, or paid otherwise: by how much, first most."""
        before, after = self.before.paid, self.after.paid
        changed = {
            each: paid.less(before.get(each, Paid()))
            for each, paid in after.items()
            if paid != before.get(each)
        }
        return sorted(
            changed,
            key=lambda each: (
                -abs(changed[each].lifetime_value),
                -abs(changed[each].total_spent),
                each,
            ),
        )

    @property
    def new_customers(self) -> list[str]:
        """Who was registered last comes first."""
        return sorted(self.after.there - self.before.there, reverse=True)

    @property
    def gone_customers(self) -> list[str]:
        return sorted(self.before.there - self.after.there, reverse=True)

    def named(self, limit: int) -> list[str]:
        """The first of each of these."""
        some = (self.changed_customers, self.new_customers, self.gone_customers)
        return list(dict.fromkeys(each for ids in some for each in ids[:limit]))


def standing(
    connection: Connection,
    book: str,
    *,
    customer_id: str | None = None,
    currency: str | None = None,
) -> Standing:
    """Without `currency`: the book's most used, or that of the customer.

    Of somebody deleted the payments are told as ever.
    """
    meant = customer_id and customer_id_meant(connection, book, customer_id)
    sources = source_breakdown(connection, book, customer_id=meant, currency=currency, limit=1)
    totals = (
        totals_by_currency(connection, book) if meant is None else _theirs(connection, book, meant)
    )
    is_book = meant is None
    return Standing(
        customer_id=meant,
        currency=sources.currency,
        totals={each.currency: _paid(each) for each in totals},
        by_source={each.source: each for each in sources.by_source},
        paid=_everybody(connection, book, sources.currency) if is_book else {},
        there=_there(connection, book) if is_book else frozenset(),
    )


def people(connection: Connection, book: str, ids: Collection[str]) -> dict[str, CustomerRecord]:
    """Those of these customers who are there."""
    among = customers.c.customer_id.in_(ids)
    rows = connection.execute(
        select(customers).where(customers.c.book == book, among, *still_there())
    )
    return {row.customer_id: record_of(row) for row in rows}


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
