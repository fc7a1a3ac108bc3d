"""Facts about one customer: everything that was recorded, by whom and why."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Final

import orjson
from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.customers.filters import ListOfCustomer
from api.customers.selector import CustomerRoutes, CustomerSelector
from api.http.pagination import list_answer
from api.http.request import ApiRequest
from api.http.routing import needs
from api.resources.actors import doers_of
from api.resources.facts import RecordedFacts, recorded_fact_of
from domain.customer import Customer
from ledger.facts import FactMapper, StoredFact
from projections.customer_events import last_positions_of_customer
from projections.engine.querying.pages import Page

customer_routes = CustomerRoutes()

_PROFILES: Final = (Customer.Registered.TOPIC, Customer.Updated.TOPIC)
_FIELDS: Final = ("external_id", "personal", "tags", "metadata")


@customer_routes.register(
    "GET", "/facts", response_model=RecordedFacts, dependencies=[needs("customers:read")]
)
async def list_customer_facts(
    request: ApiRequest, customer: CustomerSelector, query: Annotated[ListOfCustomer, Query()]
) -> Response:
    """Everything recorded about the customer and what they paid, the last first."""

    def read(db: Connection, book: str) -> Page[int]:
        return last_positions_of_customer(db, book, customer.find(db, book), **query.place)

    page = await request.ask_about(customer.about, read)
    ledger, mapper = request.dependencies.ledger, FactMapper()
    stored = await asyncio.to_thread(ledger.read_at, request.book_name, page.rows)
    found, doers = page.showing(stored[::-1]), await doers_of(request, stored)
    before = await _before(request, stored)

    def show(fact: StoredFact) -> dict[str, Any]:
        profile = before.get(fact.position)
        return recorded_fact_of(fact, mapper, doers[fact.position], profile)

    return list_answer(request, "facts", found, query, show)


async def _before(request: ApiRequest, stored: Sequence[StoredFact]) -> dict[int, dict[str, Any]]:
    """By the positions of those among these that changed a profile, what it was before."""
    profiles = [each for each in stored if each.topic in _PROFILES]
    if not profiles:
        return {}
    ledger, book, first = request.dependencies.ledger, request.book_name, profiles[0]
    earlier = await asyncio.to_thread(
        ledger.last_of, book, first.stream, topics=_PROFILES, upto=first.position - 1
    )
    return {
        changed.position: {name: orjson.loads(known.data)[name] for name in _FIELDS}
        for known, changed in pairwise([*filter(None, [earlier]), *profiles])
    }
