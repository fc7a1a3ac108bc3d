"""The tables of delivery, asked beside the loop on which requests are answered."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import Connection

from api.http.request import ApiRequest
from api.resources.outbound import outbound_of
from api.webhooks.told_topics import may_be_told_of, told_of
from commands import webhook_endpoints as commands
from delivery.cursors import Cursor, DeliveryKey, cursors_of
from delivery.envelopes import position_of
from delivery.webhooks.delivery_ids import LIVE, delivery_named
from delivery.webhooks.outbound import Outbound, Wanted, outbound_named
from delivery.webhooks.waiting import Telling, waits_at
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


async def tellings_of(
    request: ApiRequest, endpoints: Iterable[WebhookEndpoint]
) -> dict[str, list[Telling]]:
    """By endpoint: what tells it what happens, and then the ranges that it is told again."""
    return await asyncio.to_thread(_tellings_of, request, list(endpoints))


async def tellings_in_book(request: ApiRequest, endpoint_id: str | None = None) -> list[Telling]:
    """Those of all endpoints, or of one; of one that is not there: none."""
    endpoints = await request.perform(commands.list_endpoints)
    named = [each for each in endpoints if endpoint_id in (None, each.id)]
    return list(chain.from_iterable((await tellings_of(request, named)).values()))


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
    if found is None:
        found = await _to_come(request, key)
    if found is None or not may_be_told_of(request, found.topic):
        raise DeliveryNotFound(named)
    return found


def outbound_told(request: ApiRequest, found: Outbound) -> dict[str, Any]:
    """Its position tells, from one to the next, whether a customer was new."""
    return outbound_of(found, request.book_name, tells=request.reads_customers)


async def outbound_of_event(request: ApiRequest, named: str, wanted: Wanted) -> list[Outbound]:
    """What endpoints were told of it, or are to be told; an event that is none has nothing."""
    book, position = request.book_name, position_of(request.book_name, named)
    if position is None:
        return []
    tellings = await tellings_in_book(request, wanted.follower)

    def found(db: Connection) -> list[Outbound]:
        each_found = (
            outbound_named(
                db, book, DeliveryKey(each.cursor.follower, each.cursor.cursor, position)
            )
            or waits_at(db, book, each, position)
            for each in tellings
        )
        return [each for each in each_found if each is not None and wanted.takes(each)]

    return await asked(request, found)


async def _to_come(request: ApiRequest, key: DeliveryKey) -> Outbound | None:
    """What its endpoint is told when its turn comes, if it is."""
    book = request.book_name
    tellings = await tellings_in_book(request, key.follower)
    telling = next((each for each in tellings if each.cursor.cursor == key.cursor), None)
    if telling is None:
        return None
    return await asked(request, lambda db: waits_at(db, book, telling, key.position))


def _tellings_of(
    request: ApiRequest, endpoints: Sequence[WebhookEndpoint]
) -> dict[str, list[Telling]]:
    ledger, book = request.dependencies.ledger, request.book_name
    # Asked first: what a cursor has come to by then is not said to be ahead of it.
    head = ledger.head(book)
    rows: dict[str, list[Cursor]] = {each.id: [] for each in endpoints}
    for row in cursors_of(ledger.engine, book):
        if row.follower in rows:
            rows[row.follower].append(row)
    return {each.id: _tellings(request, each, rows[each.id], head) for each in endpoints}


def _tellings(
    request: ApiRequest, endpoint: WebhookEndpoint, rows: Sequence[Cursor], head: int
) -> list[Telling]:
    ledger, book = request.dependencies.ledger, request.book_name
    topics = frozenset(told_of(request, topics_of(types_wanted(endpoint.events))))
    live = next((each for each in rows if each.cursor == LIVE), None)
    registered = 0
    if live is None or live.position < head:
        registered = ledger.read_stream(book, endpoint.id)[0].position
    if live is None:
        told_after = endpoint.told_after
        begins = registered if told_after is None else told_after
        live = Cursor(book, endpoint.id, LIVE, begins)
    replays = [each for each in rows if each.cursor != LIVE]
    return [
        Telling(live, topics, registered, head),
        *(Telling(each, topics, each.until, each.until) for each in replays),
    ]
