"""What a customer looks like from outside."""

from typing import Any, Literal

from pydantic import Field

from api.bodies.shapes import Amount, Count, Currency, Moment, Pagination, Shape

SubscriptionStatus = Literal["none", "active", "paused", "canceled"]
Source = Literal["api", "payment_link", "subscription"]


class Subscriptions(Shape):
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


class Customer(Identity):
    """Who it is, and its figures; scalar amounts are those of ``currency`` alone."""

    currency: str | None = Field(description="The preferred currency.", examples=["GHS"])
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
    preferred_currency: str | None = Field(examples=["GHS"])
    risk_score: float = Field(examples=[0])
    subscription_status: SubscriptionStatus
    subscriptions: Subscriptions
    totals_by_currency: list[CurrencyTotals]
    acquisition: Acquisition | None


class Customers(Shape):
    """A page of customers."""

    customers: list[Customer]
    pagination: Pagination


class Ranking(Shape):
    """The figures of the asked currency and range, by which a customer has its place."""

    currency: Currency
    total_spent: Amount
    payment_count: Count
    successful_payments: Count
    first_payment_at: Moment


class TopCustomer(Customer):
    """A customer, and why it is where it is."""

    ranked_by: Ranking


class TopCustomers(Shape):
    """The best customers, ranked inside one currency."""

    currency: str | None = Field(examples=["GHS"])
    customers: list[TopCustomer]
    pagination: Pagination


class TagFigures(Shape):
    """What the customers with one tag spent, in one currency."""

    tag: str = Field(examples=["premium"])
    customers: Count
    total_spent: Amount
    currency: str | None


class CustomerStats(Shape):
    """A customer may be both active and new; one who is neither is inactive."""

    total: Count
    active: Count
    new: Count
    inactive: Count
    currency: str | None = Field(examples=["GHS"])
    by_tag: list[TagFigures]
    totals_by_currency: list[CurrencyTotals]
