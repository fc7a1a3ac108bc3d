"""What may be asked about payment links."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.bodies.payment_links import PaymentLink, PaymentLinks, PaymentLinkStats
from api.bodies.payments import Payments
from api.http.pagination import Paged, UpTo100, UpTo200, enveloped
from api.http.query_fields import Text
from api.http.request import ApiRequest, answer
from api.http.routing import needs, new_router
from api.renderings import payment_links as rendering
from api.renderings import payments as payment_rendering
from domain.payment_link import LinkStatus, PaymentLinkNotFound
from projections.engine.querying.pages import Page
from projections.payment_link_stats import payment_link_stats
from projections.payment_links import (
    LinkFilter,
    LinkRecord,
    SortBy,
    payment_link,
    payment_link_list,
)
from projections.payment_list import ListedPayment, PaymentFilter, payment_list

router = new_router("payment links")
READ = needs("payment_links:read")


class ListPaymentLinks(Paged):
    """Newest first, or those first that brought most in their currency."""

    limit: UpTo200 = 50
    status: LinkStatus | None = None
    active: bool | None = None
    search: Text | None = Field(None, description="Part of a name, reference, description or id.")
    sort_by: SortBy = "created_at"


class ListLinkPayments(Paged):
    limit: UpTo100 = 50


@router.get("/v1/payment-links", response_model=PaymentLinks, dependencies=[READ])
async def list_payment_links(
    request: ApiRequest, query: Annotated[ListPaymentLinks, Query()]
) -> Response:
    """Those that were taken down are left out."""
    now = request.now
    wanted = LinkFilter(query.status, query.active, query.search)
    page = await request.ask(
        lambda db: payment_link_list(
            db, request.book_name, wanted, now=now, sort_by=query.sort_by, **query.place
        )
    )

    def render(link: LinkRecord) -> dict[str, Any]:
        return rendering.of_record(link, org_id=request.org_id, now=now, site=request.site)

    return enveloped("payment_links", page, query, render)


@router.get("/v1/payment-links/{link}", response_model=PaymentLink, dependencies=[READ])
async def show_payment_link(request: ApiRequest, link: str) -> Response:
    """All of one link, by its id or its code."""
    found = await request.ask(lambda db: _link(db, request.book_name, link))
    now = request.now
    return answer(rendering.of_record(found, org_id=request.org_id, now=now, site=request.site))


@router.get("/v1/payment-links/{link}/stats", response_model=PaymentLinkStats, dependencies=[READ])
async def show_payment_link_stats(request: ApiRequest, link: str) -> Response:
    """How often it was looked at and paid, and what it brought."""
    stats = await request.ask(lambda db: payment_link_stats(db, request.book_name, link))
    if stats is None:
        raise PaymentLinkNotFound(link)
    return answer(rendering.of_stats(stats))


@router.get("/v1/payment-links/{link}/payments", response_model=Payments, dependencies=[READ])
async def list_link_payments(
    request: ApiRequest, link: str, query: Annotated[ListLinkPayments, Query()]
) -> Response:
    """The payments that came through the link, newest first.

    The payers' names are told to whoever may read customers.
    """
    may_know_customers = request.caller.may("customers:read")

    def read(db: Connection) -> Page[ListedPayment]:
        found = _link(db, request.book_name, link)
        wanted = PaymentFilter(source="payment_link", source_id=found.link_id)
        return payment_list(db, request.book_name, wanted, **query.place)

    def render(row: ListedPayment) -> dict[str, Any]:
        listed = payment_rendering.of_listed(row, request.org_id)
        return listed if may_know_customers else listed | {"customer_name": None}

    return enveloped("payments", await request.ask(read), query, render)


def _link(db: Connection, book: str, named: str) -> LinkRecord:
    found = payment_link(db, book, named)
    if found is None:
        raise PaymentLinkNotFound(named)
    return found
