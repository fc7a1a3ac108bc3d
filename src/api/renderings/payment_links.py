"""How a payment link, as a command leaves it or as the views know it, becomes an answer."""

from datetime import datetime
from typing import Any

from api.renderings.values import moment
from domain.payment_link import PaymentLink, Terms
from projections.payment_link_stats import LinkStats
from projections.payment_links import LinkRecord

_PUBLIC = (
    "name",
    "description",
    "currency",
    "amount",
    "allow_custom_amount",
    "min_amount",
    "max_amount",
    "expires_at",
    "custom_fields",
    "redirect_url",
    "branding",
)


def of_aggregate(link: PaymentLink, *, org_id: str, now: datetime, site: str) -> dict[str, Any]:
    """The whole link, for its owner; ``site`` is where pay pages are."""
    return _whole(
        link.id,
        link,
        org_id=org_id,
        status=link.status(now),
        url=address(site, link.code),
    )


def of_record(link: LinkRecord, *, org_id: str, now: datetime, site: str) -> dict[str, Any]:
    return _whole(
        link.link_id,
        link,
        org_id=org_id,
        status=link.status(now),
        url=address(site, link.code),
    )


def for_payers(link: PaymentLink, *, site: str) -> dict[str, Any]:
    """What anybody may see who has the address of an open link: nothing between the two of them."""
    return {
        "id": link.id,
        "code": link.code,
        "url": address(site, link.code),
        "title": link.name,
        "status": "active",
        "active": True,
        **{term: link.terms[term] for term in _PUBLIC},  # type: ignore[literal-required]
    }


def of_stats(stats: LinkStats) -> dict[str, Any]:
    """Everything by each of its names (contract 1.3)."""
    return {
        "payment_link_id": stats.link.link_id,
        "currency": stats.link.terms["currency"],
        "views": stats.views,
        "visits": stats.views,
        "payments": stats.payments,
        "payments_count": stats.payments,
        "successful_payments": stats.successful_payments,
        "conversion_rate": stats.conversion_rate,
        "total_revenue": stats.revenue,
        "total_amount": stats.revenue,
        "refunded_amount": stats.refunded_amount,
        "net_amount": stats.revenue - stats.refunded_amount - stats.disputed_amount,
        "converted_customers": stats.converted.customers,
        "converted_revenue": stats.converted.revenue,
        "later_revenue": stats.converted.later_revenue,
        "first_payment_at": moment(stats.first_payment_at),
        "last_payment_at": moment(stats.last_payment_at),
    }


def address(site: str, code: str) -> str:
    return f"{site}/pay/{code}"


def _whole(
    link_id: str,
    link: PaymentLink | LinkRecord,
    *,
    org_id: str,
    status: str,
    url: str,
) -> dict[str, Any]:
    terms: Terms = link.terms
    told = {term: value for term, value in terms.items() if term != "prefills"}
    return {
        "id": link_id,
        "org_id": org_id,
        "code": link.code,
        "url": url,
        "title": terms["name"],
        **told,
        "status": status,
        "active": status == "active",
        "uses": link.uses,
        "created_at": moment(link.created_at),
        "updated_at": moment(link.updated_at),
    }
