"""Facts about one payment, subscription or invoice: all that was recorded, by whom and why."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.errors import insufficient_scope
from api.http.pagination import PageRequest, UpTo100, list_answer, page_of
from api.http.request import READS_CUSTOMERS, ApiRequest
from api.http.routing import needs, new_router
from api.resources.actors import doers_of
from api.resources.facts import RecordedFacts, recorded_fact_of
from domain.errors import NotFound
from domain.invoice import InvoiceNotFound
from domain.payment_refusals import PaymentNotFound
from domain.subscription_refusals import SubscriptionNotFound
from ledger.facts import FactMapper, StoredFact
from projections.engine.time_travel.as_of import had_happened
from projections.facts_about import of_itself
from projections.invoices import invoice
from projections.payments import payment
from projections.subscriptions import subscription

router = new_router("events")


class ListFacts(PageRequest):
    limit: UpTo100 = 50


@router.get(
    "/v1/payments/{payment_id}/facts",
    response_model=RecordedFacts,
    dependencies=[needs("payments:read")],
)
async def list_payment_facts(
    request: ApiRequest, payment_id: str, query: Annotated[ListFacts, Query()]
) -> Response:
    """Everything recorded about the payment, the last first; for keys with `customers:read`."""
    return await _listed(request, payment_id, query, payment, PaymentNotFound)


@router.get(
    "/v1/subscriptions/{subscription_id}/facts",
    response_model=RecordedFacts,
    dependencies=[needs("subscriptions:read")],
)
async def list_subscription_facts(
    request: ApiRequest, subscription_id: str, query: Annotated[ListFacts, Query()]
) -> Response:
    """Everything recorded about the subscription, the last first; for keys with `customers:read`.

    What is about its invoices is told by these.
    """
    return await _listed(request, subscription_id, query, subscription, SubscriptionNotFound)


@router.get(
    "/v1/invoices/{invoice_id}/facts",
    response_model=RecordedFacts,
    dependencies=[needs("invoices:read")],
)
async def list_invoice_facts(
    request: ApiRequest, invoice_id: str, query: Annotated[ListFacts, Query()]
) -> Response:
    """Everything recorded about the invoice, the last first; for keys with `customers:read`."""
    return await _listed(request, invoice_id, query, invoice, InvoiceNotFound)


async def _listed(
    request: ApiRequest,
    subject: str,
    query: ListFacts,
    find: Callable[[Connection, str, str], object],
    not_found: Callable[[str], NotFound],
) -> Response:
    """``find``: what the views know of the subject at the moment that is asked for, if anything."""
    if not request.reads_customers:
        raise insufficient_scope(READS_CUSTOMERS)
    known = await request.ask_about_at(request.moment, of_itself(subject), find, subject)
    if known.result is None:
        raise not_found(subject)
    stored = await asyncio.to_thread(
        request.dependencies.ledger.read_stream, request.book_name, subject
    )
    mapper = FactMapper()
    happened = [each for each in stored if _is_seen(request, each, known.position, mapper)]
    page = page_of(happened[::-1], query, lambda fact: str(fact.version))

    doers = await doers_of(request, page.rows)

    def show(fact: StoredFact) -> dict[str, Any]:
        return recorded_fact_of(fact, mapper, doers[fact.position])

    return list_answer(request, "facts", page, query, show)


def _is_seen(request: ApiRequest, stored: StoredFact, upto: int, mapper: FactMapper) -> bool:
    """Of the moment asked for: no later than the views are, nor than it had happened."""
    if stored.position > upto:
        return False
    moment = request.moment
    if moment is None or moment.as_of is None:
        return True
    return had_happened(mapper.decode(stored), moment.as_of)
