"""What payment links look like from outside."""

from typing import Any

from pydantic import Field

from api.bodies.customer_history import Prefill
from api.bodies.known_customer import KnownCustomer
from api.bodies.shapes import Amount, Count, Currency, Moment, Pagination, Shape
from domain.payment_link import FieldType, LinkStatus


class CustomField(Shape):
    """A question to the payer."""

    name: str
    label: str
    type: FieldType
    required: bool
    options: list[str]


class LinkTerms(Shape):
    """What is offered, as its owner and its payers see it."""

    id: str = Field(examples=["pl_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    code: str
    url: str
    name: str = Field(examples=["Summer Sale - Premium Plan"])
    title: str = Field(description="The same as ``name``.")
    description: str | None
    currency: Currency
    amount: Amount | None
    allow_custom_amount: bool
    min_amount: Amount | None
    max_amount: Amount | None
    expires_at: Moment | None
    custom_fields: list[CustomField]
    redirect_url: str | None
    branding: dict[str, Any]
    status: LinkStatus
    active: bool


class PublicPaymentLink(LinkTerms):
    """What anybody may see who has the address; of a link made for one customer, who that is."""

    customer: KnownCustomer | None
    prefill: Prefill | None


class PaymentLink(LinkTerms):
    """All of a link, for its owner; ``uses`` counts the payments that succeeded."""

    org_id: str
    reference: str | None
    max_uses: Count | None
    uses: Count
    webhook_url: str | None
    metadata: dict[str, Any]
    customer_id: str | None
    created_at: Moment
    updated_at: Moment


class PaymentLinks(Shape):
    """A page of links."""

    payment_links: list[PaymentLink]
    pagination: Pagination


class PaymentLinkStats(Shape):
    """What a link brought, in its currency; each figure by the names clients know it by."""

    payment_link_id: str
    currency: Currency
    views: Count
    visits: Count
    payments: Count = Field(description="Created, whatever became of them.")
    payments_count: Count
    successful_payments: Count
    conversion_rate: float = Field(ge=0, description="Successful payments per view.")
    total_revenue: Amount
    total_amount: Amount
    refunded_amount: Amount
    net_amount: Amount
    converted_customers: Count = Field(
        description="Customers whose first successful payment came through this link."
    )
    converted_revenue: Amount = Field(description="All they have paid, that payment included.")
    later_revenue: Amount = Field(description="What they have paid after that first payment.")
    first_payment_at: Moment | None
    last_payment_at: Moment | None
