"""Queries of payment links, their figures and their payments."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo100, UpTo200, list_answer
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import needs, new_router
from api.payments.filters import InRanges
from api.resources.customer_secrecy import told
from api.resources.export_files import DESCRIBED, ExportFile
from api.resources.payment_links import (
    ListedPaymentLink,
    PaymentLink,
    PaymentLinks,
    PaymentLinksExport,
    PaymentLinkStats,
    link_of,
    link_stats_of,
    listed_link_of,
)
from api.resources.payments import Payments, listed_payment_of
from commands.fields import Text
from domain.payment_link import LinkStatus, PaymentLinkNotFound
from projections.engine.querying.pages import Page
from projections.payment_link_stats import payment_link_stats
from projections.payment_links import (
    LinkFilter,
    LinkRecord,
    ListedLink,
    SortBy,
    payment_link,
    payment_link_export,
    payment_link_list,
)
from projections.payment_list import ListedPayment, PaymentFilter, payment_list

router = new_router("payment links")
READ = needs("payment_links:read")


class FilterPaymentLinks(BaseModel):
    """Newest first, or those first that brought most in their currency."""

    status: LinkStatus | None = None
    active: bool | None = None
    search: Text | None = Field(None, description="Part of a name, reference, description or id.")
    sort_by: SortBy = "created_at"

    @property
    def conditions(self) -> LinkFilter:
        return LinkFilter(self.status, self.active, self.search)


class ListPaymentLinks(PageRequest, FilterPaymentLinks):
    limit: UpTo200 = 50


class ExportPaymentLinks(ExportFile, FilterPaymentLinks):
    pass


class ListLinkPayments(PageRequest, InRanges):
    limit: UpTo100 = 50


@router.get("/v1/payment-links", response_model=PaymentLinks, dependencies=[READ])
async def list_payment_links(
    request: ApiRequest, query: Annotated[ListPaymentLinks, Query()]
) -> Response:
    """Those that were taken down are left out."""
    now = request.now
    page = await request.ask(
        payment_link_list, query.conditions, now=now, sort_by=query.sort_by, **query.place
    )

    def show(listed: ListedLink) -> dict[str, Any]:
        return told(request, listed_link_of(listed, request.org_id, now=now, site=request.site))

    return list_answer(request, "payment_links", page, query, show)


@router.get(
    "/v1/exports/payment-links",
    response_model=PaymentLinksExport,
    responses=DESCRIBED,
    dependencies=[READ],
)
async def export_payment_links(
    request: ApiRequest, query: Annotated[ExportPaymentLinks, Query()]
) -> Response:
    """Every link that fits, with what it has brought, as JSON or CSV."""
    now, site = request.now, request.site

    def rows(db: Connection, book: str) -> Iterator[dict[str, Any]]:
        found = payment_link_export(db, book, query.conditions, now=now, sort_by=query.sort_by)
        return (
            told(request, listed_link_of(each, request.org_id, now=now, site=site))
            for each in found
        )

    return query.of(request, "payment_links", ListedPaymentLink, rows)


@router.get("/v1/payment-links/{link}", response_model=PaymentLink, dependencies=[READ])
async def show_payment_link(request: ApiRequest, link: str) -> Response:
    """All of one link, by its id or its code."""
    found = await request.ask(_link, link)
    whole = link_of(found, request.org_id, now=request.now, site=request.site)
    return answer(told(request, whole))


@router.get("/v1/payment-links/{link}/stats", response_model=PaymentLinkStats, dependencies=[READ])
async def show_payment_link_stats(request: ApiRequest, link: str) -> Response:
    """How often it was looked at and paid, and what it brought."""
    stats = await request.ask(payment_link_stats, link)
    if stats is None:
        raise PaymentLinkNotFound(link)
    return answer(told(request, link_stats_of(stats)))


@router.get("/v1/payment-links/{link}/payments", response_model=Payments, dependencies=[READ])
async def list_link_payments(
    request: ApiRequest, link: str, query: Annotated[ListLinkPayments, Query()]
) -> Response:
    """The payments that came through the link, newest first."""

    def read(db: Connection, book: str) -> Page[ListedPayment]:
        link_id = _link(db, book, link).link_id
        conditions = PaymentFilter(source="payment_link", source_id=link_id, **query.range)
        return payment_list(db, book, conditions, **query.place)

    def show(row: ListedPayment) -> dict[str, Any]:
        return told(request, listed_payment_of(row, request.org_id))

    return list_answer(request, "payments", await request.ask(read), query, show)


def _link(db: Connection, book: str, named: str) -> LinkRecord:
    found = payment_link(db, book, named)
    if found is None:
        raise PaymentLinkNotFound(named)
    return found
