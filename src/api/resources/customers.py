"""The customer resource: who somebody is, and their figures."""

from typing import Any, Final, Literal, cast

from pydantic import Field, create_model

from api.resources.shapes import Amount, Count, Currency, Moment, Pagination, Shape
from domain.book import Book
from domain.customer import Customer as CustomerAggregate
from projections import book_totals, customer_stats, subscriptions
from projections.customer_profiles import Profile

SubscriptionStatus = Literal["none", "active", "paused", "canceled"]
Source = Literal["api", "payment_link", "subscription"]


class SubscriptionCounts(Shape):
    """How many subscriptions, by status."""

    active: Count
    paused: Count
    canceled: Count
    total: Count


class CurrencyTotals(Shape):
    """What a customer has paid in one currency; different currencies are never added."""

    currency: Currency
    total_spent: Amount
    refund_amount: Amount
    disputed_amount: Amount
    lifetime_value: Amount
    payment_count: Count
    successful_payments: Count
    failed_payments: Count
    total_refunds: Count


class Acquisition(Shape):
    """Where the first payment that succeeded came from."""

    payment_id: str = Field(examples=["pay_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    source: Source
    source_id: str | None
    source_description: str | None
    converted_at: Moment


class Identity(Shape):
    """Who somebody is, and how the business itself calls them."""

    id: str = Field(examples=["cus_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str = Field(examples=["org_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    mode: Literal["test", "live"]
    external_id: str | None = Field(examples=["usr_1234"])
    email: str | None = Field(examples=["ada@example.com"])
    phone: str | None = Field(examples=["+233501234567"])
    name: str | None = Field(examples=["Ada Lovelace"])
    tags: list[str] = Field(examples=[["premium", "early-adopter"]])
    metadata: dict[str, Any] = Field(examples=[{"plan": "pro"}])
    created_at: Moment
    updated_at: Moment


class Figures(Shape):
    """What somebody paid, and when.

    Scalar amounts are those of ``currency`` alone; counts are those of all currencies.
    """

    currency: Currency | None
    total_spent: Amount
    total_amount: Amount
    payment_count: Count
    total_payments: Count
    successful_payments: Count
    failed_payments: Count
    total_refunds: Count
    refund_amount: Amount
    disputed_amount: Amount
    lifetime_value: Amount
    avg_payment_amount: Amount
    first_payment_at: Moment | None
    last_payment_at: Moment | None
    last_payment_date: Moment | None
    preferred_method: str | None = Field(examples=["mobile_money"])
    preferred_currency: Currency | None
    risk_score: float = Field(examples=[0])
    subscription_status: SubscriptionStatus
    subscriptions: SubscriptionCounts
    totals_by_currency: list[CurrencyTotals]
    acquisition: Acquisition | None


class Customer(Figures, Identity):
    """Who it is, and its figures.

    Scalar amounts are those of ``currency`` alone; counts are those of all currencies.
    """


_UNKNOWN: Final[Any] = (None, Field(None, description="Not known now.", examples=[None]))
CustomerForNow: Final = create_model(
    "CustomerForNow",
    __base__=Identity,
    __doc__="Who it is, while the views are late: every figure is null, and a query will tell it.",
    **dict.fromkeys(Figures.model_fields, _UNKNOWN),
)


class KnownCustomer(Shape):
    """Who pays, as far as the page that pays may know."""

    id: str
    name: str | None
    email: str | None
    phone: str | None


class Customers(Shape):
    """A page of customers."""

    customers: list[Customer]
    pagination: Pagination


class CustomersExport(Shape):
    """Every customer that was asked for."""

    customers: list[Customer]
    total: Count


class TagFigures(Shape):
    """What the customers with one tag spent, in one currency."""

    tag: str = Field(examples=["premium"])
    customers: Count
    total_spent: Amount
    currency: Currency | None


class CustomerStats(Shape):
    """A customer may be both active and new; one who is neither is inactive."""

    total: Count
    active: Count
    new: Count
    inactive: Count
    currency: Currency | None
    by_tag: list[TagFigures]
    totals_by_currency: list[CurrencyTotals]


def customer_of(customer: CustomerAggregate, book: Book, figures: dict[str, Any]) -> dict[str, Any]:
    """A customer as the command leaves it."""
    identity = Identity.of(
        customer,
        **customer.personal,
        org_id=book.org_id,
        mode=book.mode,
        created_at=customer.registered_at,
    )
    return identity | figures


def profile_of(profile: Profile, book: Book) -> dict[str, Any]:
    """A customer as the views know it."""
    record = profile.record
    identity = Identity.of(record, id=record.customer_id, org_id=book.org_id, mode=book.mode)
    return identity | figures_of(profile)


def figures_of(profile: Profile) -> dict[str, Any]:
    totals = profile.totals or _NOTHING
    return Figures.of(
        profile,
        **{name: getattr(totals, name) for name in _AMOUNTS},
        total_amount=totals.total_spent,
        total_payments=profile.payment_count,
        total_refunds=profile.total_refunds,
        last_payment_date=profile.last_payment_at,
        preferred_currency=profile.currency,
        subscription_status=profile.subscriptions.status,
        subscriptions=SubscriptionCounts.of(profile.subscriptions),
        totals_by_currency=[CurrencyTotals.of(each) for each in profile.totals_by_currency],
    )


def stats_of(stats: customer_stats.CustomerStats) -> dict[str, Any]:
    by_currency = [CurrencyTotals.of(each) for each in stats.totals_by_currency]
    return CustomerStats.of(stats, totals_by_currency=by_currency)


_AMOUNTS: Final = (
    "total_spent",
    "refund_amount",
    "disputed_amount",
    "lifetime_value",
    "avg_payment_amount",
)
_NOTHING: Final = book_totals.CurrencyTotals(
    currency="",
    payment_count=0,
    successful_payments=0,
    failed_payments=0,
    total_spent=0,
    refund_count=0,
    refund_amount=0,
    disputed_amount=0,
    first_payment_at=None,
    last_payment_at=None,
)
# Those of a customer whom the views cannot tell of in time.
UNKNOWN_FIGURES: Final[dict[str, Any]] = dict.fromkeys(Figures.model_fields)
# Those of a customer who has just been registered.
NO_FIGURES: Final = figures_of(
    Profile(
        record=cast(Any, None),
        currency=None,
        totals=None,
        totals_by_currency=[],
        preferred_method=None,
        first_payment_at=None,
        last_payment_at=None,
        acquisition=None,
        risk_score=0.0,
        subscriptions=subscriptions.SubscriptionCounts(),
    )
)
