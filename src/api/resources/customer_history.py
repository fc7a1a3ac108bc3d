"""The history of a customer, its prefill, and its state at a glance."""

from pydantic import Field

from api.resources.customers import Customer, Source
from api.resources.invoices import Invoice
from api.resources.shapes import Amount, Currency, Moment, Pagination, Shape
from api.resources.sources import CustomerSources
from api.resources.subscriptions import Subscription
from projections.timeline_sources import EntryType


class HistoryEntry(Shape):
    """One thing that happened; ``status`` is how it stands now."""

    type: EntryType
    id: str = Field(examples=["pay_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    occurred_at: Moment
    status: str = Field(examples=["succeeded"])
    amount: Amount | None
    currency: Currency | None
    description: str | None
    source: Source | None
    source_id: str | None
    source_description: str | None = Field(examples=["Summer Sale - Premium Plan"])
    payment_id: str | None
    execution_id: str | None


class History(Shape):
    """A page of the timeline, newest first."""

    history: list[HistoryEntry]
    pagination: Pagination


class Prefill(Shape):
    """What a returning customer need not type again; how they paid last, if they did."""

    name: str | None
    email: str | None
    phone: str | None
    method: str | None = Field(examples=["mobile_money"])
    country: str | None = Field(examples=["GH"])


class CustomerState(Shape):
    """Everything at a glance, of one moment: figures, sources, what is billed, what happened last.

    ``subscriptions`` are the newest that are not canceled, ``invoices`` the newest that are open.
    """

    customer: Customer
    sources: CustomerSources
    subscriptions: list[Subscription]
    invoices: list[Invoice]
    history: list[HistoryEntry]
    prefill: Prefill
