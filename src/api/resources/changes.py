"""The changes resource: figures at two moments, and what lies between."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.resources.customers import Source
from api.resources.shapes import Amount, Count, Currency, Moment, Shape
from projections.changes import Changes as Found
from projections.changes import Figures, Paid, Some
from projections.customers import CustomerRecord
from projections.engine.time_travel.reader import Moment as AskedOf

# Of a change it is below zero where there is less than before.
Number = Annotated[int, Field(examples=[3])]


class AsOf(Shape):
    """With these as ``as_of`` and ``known_at`` every route answers with the same figures."""

    as_of: Moment | None
    known_at: Moment | None


class PaidFigures(Shape):
    """What was paid and given back, in one currency."""

    total_spent: Amount
    refund_amount: Amount
    disputed_amount: Amount
    lifetime_value: Amount
    payment_count: Number
    successful_payments: Number
    failed_payments: Number
    total_refunds: Number


class CurrencyChange(Shape):
    """The totals in one currency; different currencies are never added."""

    currency: Currency
    before: PaidFigures
    after: PaidFigures
    change: PaidFigures


class SourceFigures(Shape):
    """``count`` payments were created, ``succeeded`` of them brought ``amount``."""

    count: Number
    succeeded: Number
    amount: Amount
    refunded_amount: Amount
    disputed_amount: Amount
    net_amount: Amount


class SourceChange(Shape):
    """What one source brought."""

    source: Source
    before: SourceFigures
    after: SourceFigures
    change: SourceFigures


class Called(Shape):
    """Who somebody is, or was."""

    id: str = Field(examples=["cus_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    external_id: str | None = Field(examples=["usr_1234"])
    name: str | None = Field(examples=["Ada Lovelace"])
    email: str | None = Field(examples=["ada@example.com"])
    phone: str | None = Field(examples=["+233501234567"])


class CustomerChange(Called):
    """A customer with what they paid, before and after."""

    before: PaidFigures
    after: PaidFigures
    change: PaidFigures


class CustomerCounts(Shape):
    """How many customers there were, without those deleted."""

    before: Count
    after: Count
    change: Number


class ChangedCustomers(Shape):
    """Those whose figures changed most, of ``total``."""

    total: Count
    customers: list[CustomerChange]


class SomeCustomers(Shape):
    """The latest of ``total``."""

    total: Count
    customers: list[Called]


class Changes(Shape):
    """What differs between two moments; of one customer, nothing is said of all the others."""

    by: Literal["known_at", "as_of"]
    before: AsOf
    after: AsOf
    customer: Called | None
    currency: Currency | None
    totals_by_currency: list[CurrencyChange]
    by_source: list[SourceChange]
    customers: CustomerCounts | None
    changed_customers: ChangedCustomers | None
    new_customers: SomeCustomers | None
    gone_customers: SomeCustomers | None


People = dict[str, CustomerRecord]


def figures_of(changes: Found) -> dict[str, Any]:
    """The totals, of all there are, and by source."""
    before, after = changes.before, changes.after
    return {
        "currency": after.currency,
        "totals_by_currency": [
            {"currency": each, **_paid(before.totals.get(each), after.totals.get(each))}
            for each in changes.currencies
        ],
        "by_source": [_source(each, before, after) for each in after.by_source],
    }


def customers_of(changes: Found, known: People) -> dict[str, Any]:
    """How many there are, and of those who changed, came or went the first."""
    before, after = changes.before, changes.after
    counts = {"before": len(before.there), "after": len(after.there)}
    return {
        "customers": {**counts, "change": counts["after"] - counts["before"]},
        "changed_customers": {
            "total": changes.changed_customers.total,
            "customers": [
                _called(each, known) | _paid(before.paid.get(each), after.paid.get(each))
                for each in changes.changed_customers.first
            ],
        },
        "new_customers": _some(changes.new_customers, known),
        "gone_customers": _some(changes.gone_customers, known),
    }


def of_one(customer_id: str, known: People) -> dict[str, Any]:
    """Who it is, if anybody; nothing is said of all the others."""
    others = ("customers", "changed_customers", "new_customers", "gone_customers")
    who = _called(customer_id, known) if customer_id in known else None
    return {"customer": who, **dict.fromkeys(others)}


def _called(customer_id: str, known: People) -> dict[str, Any]:
    record = known.get(customer_id)
    names = ("external_id", "name", "email", "phone")
    return {"id": customer_id} | {name: getattr(record, name, None) for name in names}


def moment_of(moment: AskedOf | None) -> dict[str, Any]:
    return AsOf.of(moment or AskedOf())


def _some(some: Some, known: People) -> dict[str, Any]:
    return {"total": some.total, "customers": [_called(each, known) for each in some.first]}


def _paid(before: Paid | None, after: Paid | None) -> dict[str, Any]:
    was, is_now = before or Paid(), after or Paid()
    return _compared(PaidFigures.of(was), PaidFigures.of(is_now))


def _source(source: str, before: Figures, after: Figures) -> dict[str, Any]:
    was, is_now = (
        SourceFigures.of(each, count=each.created)
        for each in (before.by_source[source], after.by_source[source])
    )
    return {"source": source, **_compared(was, is_now)}


def _compared(before: dict[str, int], after: dict[str, int]) -> dict[str, Any]:
    change = {name: after[name] - before[name] for name in after}
    return {"before": before, "after": after, "change": change}
