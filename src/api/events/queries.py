"""The feed: what happened, page after page, from the beginning on."""

from typing import Annotated

from fastapi import Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.events.filters import FilterEvents, must_read_customers
from api.http.pagination import up_to
from api.http.query_fields import Whole
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, needs, new_router
from api.resources.events import Event, Events
from delivery.envelopes import position_of
from delivery.feed import FeedPage
from domain.errors import NotFound

router = new_router("events")
READ = needs("events:read")


class EventNotFound(NotFound):
    code = "event_not_found"

    def __init__(self, event_id: str) -> None:
        super().__init__(f"no event {event_id}", event_id=event_id)


class ReadEvents(FilterEvents):
    after: Whole = Field(0, description="A position; 0 is before the first event.")
    limit: up_to(500) = 100  # type: ignore[valid-type]


@router.get("/v1/events", response_model=Events, dependencies=[READ, PRESENT_ONLY])
async def list_events(request: ApiRequest, query: Annotated[ReadEvents, Query()]) -> Response:
    """What happened after a position, in the order in which it was recorded.

    Nothing is ever taken out of it. Where only a few events are wanted of many, a page may have
    none: as long as `has_more` is true, ask again at once, after its `position`. The key also
    needs `customers:read`.
    """
    must_read_customers(request)
    feed = request.dependencies.feed

    def read(db: Connection, book: str) -> FeedPage:
        wanted = query.wanted(db, book)
        return feed.page(db, book, wanted, after=query.after, limit=query.limit)

    return answer(Events.of(await request.ask_now(read)))


@router.get("/v1/events/{event_id}", response_model=Event, dependencies=[READ, PRESENT_ONLY])
async def show_event(request: ApiRequest, event_id: str) -> Response:
    """One event, as the feed tells it. The key also needs `customers:read`."""
    must_read_customers(request)
    feed, position = request.dependencies.feed, position_of(request.book_name, event_id)
    found = None if position is None else await request.ask_now(feed.event, position)
    if found is None:
        raise EventNotFound(event_id)
    return answer(found)
