"""The tables of delivery, asked beside the loop on which requests are answered."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from api.http.request import ApiRequest
from api.resources.outbound import outbound_of
from api.webhooks.told_topics import may_be_told_of, narrowed, told_of
from delivery.cursors import DeliveryKey
from delivery.webhooks.backlog import Backlog, backlog
from delivery.webhooks.delivery_ids import delivery_named
from delivery.webhooks.outbound import Outbound, outbound_named
from domain.errors import NotFound
from domain.event_types import topics_of, types_wanted
from domain.webhook_endpoint import WebhookEndpoint
from ledger.reading import ask

T = TypeVar("T")


class DeliveryNotFound(NotFound):
    code = "webhook_delivery_not_found"

    def __init__(self, named: str) -> None:
        super().__init__(f"no delivery {named}, or it is not remembered", delivery_id=named)


async def asked(request: ApiRequest, question: Callable[[Connection], T]) -> T:
    return await asyncio.to_thread(ask, request.dependencies.ledger.engine, question)


async def backlog_at(request: ApiRequest, endpoint: WebhookEndpoint) -> Backlog:
    """What waits for an endpoint, as far as it is told of what happens."""
    book, topics = request.book_name, told_of(request, topics_of(types_wanted(endpoint.events)))
    known = narrowed(request)
    reading, told_after = request.dependencies.ledger.read_stream, endpoint.told_after
    registered = (await asyncio.to_thread(reading, book, endpoint.id))[0].position
    begins = registered if told_after is None else told_after
    where = {"begins": begins, "history_upto": registered}
    return await asked(
        request, lambda db: backlog(db, book, endpoint.id, topics, **where, known=known)
    )


def key_of(named: str) -> DeliveryKey:
    """Raises DeliveryNotFound for what is no id of one."""
    key = delivery_named(named)
    if key is None:
        raise DeliveryNotFound(named)
    return key


async def delivery_of(request: ApiRequest, key: DeliveryKey, named: str) -> Outbound:
    """Raises DeliveryNotFound, also for what the caller may not know of."""
    book = request.book_name
    found = await asked(request, lambda connection: outbound_named(connection, book, key))
    if found is None or not may_be_told_of(request, found.topic):
        raise DeliveryNotFound(named)
    return found


def outbound_told(request: ApiRequest, found: Outbound) -> dict[str, Any]:
    """Its position tells, from one to the next, whether a customer was new."""
    return outbound_of(found, request.book_name, tells=request.reads_customers)
