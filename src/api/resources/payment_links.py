"""The payment link resource, as its owner and as its payers see it."""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from api.resources.customer_history import Prefill
from api.resources.customers import KnownCustomer
from api.resources.organizations import OrganizationSettings, settings_of
from api.resources.shapes import Amount, Count, Currency, Moment, Pagination, Shape
from domain.organization import Organization
from domain.payment_link import FieldType, LinkStatus
from domain.payment_link import PaymentLink as PaymentLinkAggregate
from projections.payment_link_stats import LinkStats
from projections.payment_links import LinkRecord, ListedLink


class CustomField(Shape):
    """A question to the payer."""

    name: str
    label: str
    type: FieldType
    required: bool
    options: list[str]


class StoredBranding(BaseModel):
    """The looks of a pay page; a link of before 0.2 may have other names as well."""

    model_config = ConfigDict(extra="allow")

    color: str | None = None
    logo_url: str | None = None


class LinkTerms(Shape):
    """What is offered, as its owner and its payers see it."""

    id: str = Field(examples=["pl_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    code: str
    url: str
    name: str = Field(examples=["Summer Sale - Premium Plan"])
    title: str
    description: str | None
    currency: Currency
    amount: Amount | None
    allow_custom_amount: bool
    min_amount: Amount | None
    max_amount: Amount | None
    country: str | None = Field(description="ISO 3166.")
    expires_at: Moment | None
    custom_fields: list[CustomField]
    redirect_url: str | None
    branding: StoredBranding
    status: LinkStatus
    active: bool


class PublicPaymentLink(LinkTerms):
    """What anybody may see who has the address; of a link made for one customer, who that is."""

    organization: OrganizationSettings
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


class ListedPaymentLink(PaymentLink):
    """With what it has brought, in its currency: the figures of its `stats`."""

    views: Count
    payments: Count
    successful_payments: Count
    conversion_rate: float = Field(ge=0)
    total_revenue: Amount


class PaymentLinks(Shape):
    """A page of links."""

    payment_links: list[ListedPaymentLink]
    pagination: Pagination


class PaymentLinksExport(Shape):
    """Every link that was asked for."""

    payment_links: list[ListedPaymentLink]
    total: Count


class PaymentLinkStats(Shape):
    """What a link brought, in its currency; each figure by the names clients know it by."""

    payment_link_id: str
    currency: Currency
    views: Count
    visits: Count
    payments: Count
    payments_count: Count
    successful_payments: Count
    conversion_rate: float = Field(ge=0)
    total_revenue: Amount
    total_amount: Amount
    refunded_amount: Amount
    net_amount: Amount
    converted_customers: Count | None
    converted_revenue: Amount | None
    later_revenue: Amount | None
    first_payment_at: Moment | None
    last_payment_at: Moment | None


_PUBLIC: Final = (
    "name",
    "description",
    "currency",
    "amount",
    "allow_custom_amount",
    "min_amount",
    "max_amount",
    "country",
    "expires_at",
    "custom_fields",
    "redirect_url",
    "branding",
)


def link_of(
    link: PaymentLinkAggregate | LinkRecord, org_id: str, *, now: datetime, site: str
) -> dict[str, Any]:
    """The whole link, for its owner; ``site`` is where pay pages are."""
    terms, status = link.terms, link.status(now)
    return {
        "id": link.link_id if isinstance(link, LinkRecord) else link.id,
        "org_id": org_id,
        "code": link.code,
        "url": page_address(site, link.code),
        "title": terms["name"],
        "country": None,
        **{term: value for term, value in terms.items() if term != "prefills"},
        "status": status,
        "active": status == "active",
        "uses": link.uses,
        "created_at": link.created_at,
        "updated_at": link.updated_at,
    }


def listed_link_of(listed: ListedLink, org_id: str, *, now: datetime, site: str) -> dict[str, Any]:
    return {
        **link_of(listed.link, org_id, now=now, site=site),
        "views": listed.views,
        "payments": listed.payments,
        "successful_payments": listed.successful_payments,
        "conversion_rate": listed.conversion_rate,
        "total_revenue": listed.revenue,
    }


def public_link_of(
    link: PaymentLinkAggregate, organization: Organization, *, site: str
) -> dict[str, Any]:
    """What anybody may see who has the address of an open link: nothing between the two of them."""
    return {
        "id": link.id,
        "code": link.code,
        "url": page_address(site, link.code),
        "title": link.name,
        "status": "active",
        "active": True,
        **{term: link.terms.get(term) for term in _PUBLIC},
        "organization": settings_of(organization),
    }


def link_stats_of(stats: LinkStats) -> dict[str, Any]:
    """Everything by each of its names (contract 1.3)."""
    return PaymentLinkStats.of(
        stats,
        payment_link_id=stats.link.link_id,
        currency=stats.link.terms["currency"],
        visits=stats.views,
        payments_count=stats.payments,
        total_revenue=stats.revenue,
        total_amount=stats.revenue,
        net_amount=stats.revenue - stats.refunded_amount - stats.disputed_amount,
        converted_customers=stats.converted.customers,
        converted_revenue=stats.converted.revenue,
        later_revenue=stats.converted.later_revenue,
    )


def page_address(site: str, code: str) -> str:
    return f"{site}/pay/{code}"
