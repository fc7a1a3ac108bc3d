"""Customer history, prefill and state: one customer as a whole."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.customers.selector import CustomerRoutes, CustomerSelector
from api.http.pagination import PageRequest, UpTo100, list_answer
from api.http.query_fields import Instant
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import needs
from api.resources.customer_history import CustomerState, History, Prefill
from api.resources.customers import profile_of
from api.resources.filter_types import Separated
from api.resources.invoices import invoice_of
from api.resources.sources import breakdown_of
from api.resources.subscriptions import subscription_of
from delivery.workflows.messages_to_customers import messages_to
from domain.book import Book
from domain.customer import CustomerNotFound
from projections.customer_history import Elsewhere, HistoryEntry, customer_history
from projections.customer_profiles import profile
from projections.engine.querying.pages import Page
from projections.facts_about import of_customer
from projections.invoices import InvoiceFilter, invoice_list
from projections.prefill import prefill
from projections.source_breakdown import source_breakdown
from projections.subscriptions import SubscriptionFilter, subscription_list
from projections.timeline_sources import ENTRY_TYPES, EntryType

customer_routes = CustomerRoutes()
READ = needs("customers:read")

_AT_A_GLANCE = 10


class ListTimeline(PageRequest):
    limit: UpTo100 = 20
    types: Annotated[list[EntryType], Separated] = Field(
        default_factory=list,
        description="Repeated, or separated by commas; none: all of them.",
        examples=[["payment", "refund"]],
    )
    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")


@customer_routes.register(
    "GET",
    "/history",
    response_model=History,
    dependencies=[READ],
    external_doc="Everything that happened with the customer, newest first.",
)
async def list_history(
    request: ApiRequest, customer: CustomerSelector, query: Annotated[ListTimeline, Query()]
) -> Response:
    """Payments, refunds, disputes, subscriptions, invoices and messages, newest first."""
    within = {"start": query.start, "end": query.end}
    messages, types = _messages(request, **within), query.types or ENTRY_TYPES

    def read(db: Connection, book: str) -> Page[HistoryEntry]:
        customer_id = customer.find(db, book)
        told = messages(customer_id)
        return customer_history(
            db, book, customer_id, types=types, elsewhere=told, **within, **query.place
        )

    return list_answer(
        request,
        "history",
        await request.ask_about(customer.about, read),
        query,
        lambda entry: entry,
    )


@customer_routes.by_id.get(
    "/v1/customers/{customer_id}/prefill", response_model=Prefill, dependencies=[READ]
)
async def show_prefill(request: ApiRequest, customer_id: str) -> Response:
    """What a checkout form may be filled in with for this customer: for servers, not browsers."""
    found = await request.ask_about(of_customer(customer_id), prefill, customer_id)
    if found is None:
        raise CustomerNotFound(customer_id)
    return answer(Prefill.of(found))


@customer_routes.by_id.get(
    "/v1/customers/{customer_id}/state", response_model=CustomerState, dependencies=[READ]
)
async def show_state(request: ApiRequest, customer_id: str) -> Response:
    """Everything somebody who helps this customer needs, in one call and of one moment."""
    told = _messages(request)(customer_id)
    state = await request.ask_about(
        of_customer(customer_id), _state, request.book, customer_id, told
    )
    return answer(state)


def _messages(
    request: ApiRequest, *, start: datetime | None = None, end: datetime | None = None
) -> Callable[[str], Elsewhere]:
    """What was written to a customer, by the moment that the question is about."""
    moment, engine = request.moment, request.dependencies.ledger.engine
    named = (moment.as_of, moment.known_at) if moment else ()
    by = min((each for each in named if each is not None), default=None)

    def to(customer_id: str) -> Elsewhere:
        book = request.book_name
        return partial(messages_to, engine, book, customer_id, by=by, start=start, end=end)

    return to


def _state(
    db: Connection, book: str, of: Book, customer_id: str, told: Elsewhere
) -> dict[str, Any]:
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
    breakdown = source_breakdown(db, book, customer_id=customer_id)
    return {
        "customer": profile_of(known, of),
        "sources": breakdown_of(breakdown, known.acquisition),
        "subscriptions": [subscription_of(row, of.org_id) for row in subscribed],
        "invoices": [invoice_of(row, of.org_id) for row in unpaid],
        "history": customer_history(db, book, customer_id, limit=_AT_A_GLANCE, elsewhere=told).rows,
        "prefill": Prefill.of(filled),
    }
