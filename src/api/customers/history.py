"""What may be asked about one customer as a whole: the timeline, a glance, what to fill in."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator, Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.bodies.customer_history import CustomerState, History, Prefill
from api.customers.selector import Named, by_external_id, by_id
from api.http.pagination import Paged, UpTo100, enveloped
from api.http.request import ApiRequest, answer
from api.http.routing import needs, new_router
from api.renderings import customer_history as rendering
from api.renderings import customers as customer_rendering
from api.renderings import invoices as invoice_rendering
from api.renderings import sources as source_rendering
from api.renderings import subscriptions as subscription_rendering
from domain.customer import CustomerNotFound
from projections.customer_history import HistoryEntry, customer_history
from projections.customer_profiles import profile
from projections.engine.querying.pages import Page
from projections.invoices import InvoiceFilter, invoice_list
from projections.prefill import prefill
from projections.source_breakdown import source_breakdown
from projections.subscriptions import SubscriptionFilter, subscription_list
from projections.timeline_sources import ENTRY_TYPES, EntryType

router = new_router("customers")
READ = needs("customers:read")

_AT_A_GLANCE = 10


def _listed(value: Any) -> Any:
    parts = [value] if isinstance(value, str) else value
    return [name.strip() for part in parts for name in part.split(",") if name.strip()]


class ListTimeline(Paged):
    limit: UpTo100 = 20
    types: Annotated[list[EntryType], BeforeValidator(_listed)] = Field(
        default_factory=list, description="Repeated, or separated by commas; none: all of them."
    )


@router.get(
    "/v1/customers/external/{external_id}/history", response_model=History, dependencies=[READ]
)
async def list_history_by_external_id(
    request: ApiRequest, external_id: str, query: Annotated[ListTimeline, Query()]
) -> Response:
    """Everything that happened with the customer, newest first."""
    return await _timeline(request, by_external_id(external_id), query)


@router.get("/v1/customers/{customer_id}/history", response_model=History, dependencies=[READ])
async def list_history(
    request: ApiRequest, customer_id: str, query: Annotated[ListTimeline, Query()]
) -> Response:
    """Payments, refunds, disputes, subscriptions and invoices in one timeline, newest first."""
    return await _timeline(request, by_id(customer_id), query)


@router.get("/v1/customers/{customer_id}/prefill", response_model=Prefill, dependencies=[READ])
async def show_prefill(request: ApiRequest, customer_id: str) -> Response:
    """What a checkout form may be filled in with for this customer: for servers, not browsers."""
    found = await request.ask(lambda db: prefill(db, request.book_name, customer_id))
    if found is None:
        raise CustomerNotFound(customer_id)
    return answer(rendering.of_prefill(found))


@router.get("/v1/customers/{customer_id}/state", response_model=CustomerState, dependencies=[READ])
async def show_state(request: ApiRequest, customer_id: str) -> Response:
    """Everything somebody who helps this customer needs, in one call and of one moment."""
    return answer(await request.ask(lambda db: _state(db, request, customer_id)))


async def _timeline(request: ApiRequest, named: Named, asked: ListTimeline) -> Response:
    def read(db: Connection) -> Page[HistoryEntry]:
        customer_id, types = named(db, request.book_name), asked.types or ENTRY_TYPES
        return customer_history(db, request.book_name, customer_id, types=types, **asked.place)

    return enveloped("history", await request.ask(read), asked, rendering.of_entry)


def _state(db: Connection, request: ApiRequest, customer_id: str) -> dict[str, Any]:
    book = request.book_name
    known, filled = profile(db, book, customer_id), prefill(db, book, customer_id)
    if known is None or filled is None:
        raise CustomerNotFound(customer_id)
    subscribed = [
        row
        for status in ("active", "paused")
        for row in subscription_list(
            db,
            book,
            SubscriptionFilter(customer_id=customer_id, status=status),
            limit=_AT_A_GLANCE,
        ).rows
    ]
    unpaid = [
        row
        for status in ("due", "failed")
        for row in invoice_list(
            db, book, InvoiceFilter(customer_id=customer_id, status=status), limit=_AT_A_GLANCE
        ).rows
    ]
    latest = customer_history(db, book, customer_id, limit=_AT_A_GLANCE)
    breakdown = source_breakdown(db, book, customer_id=customer_id)
    return {
        "customer": customer_rendering.of_profile(known, request.book),
        "sources": source_rendering.of_breakdown(breakdown, known.acquisition),
        "subscriptions": [
            subscription_rendering.of_record(row, org_id=request.org_id) for row in subscribed
        ],
        "invoices": [invoice_rendering.of_record(row, org_id=request.org_id) for row in unpaid],
        "history": [rendering.of_entry(row) for row in latest.rows],
        "prefill": rendering.of_prefill(filled),
    }
