"""The event resource: a fact as it is told, by webhook, in the feed and in its stream."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Count, Moment, Shape


class Event(Shape):
    """Something that happened, as webhooks tell it too."""

    id: str = Field(examples=["evt_5f2c9d01a7"])
    event: str = Field(examples=["payment.updated"])
    type: str = Field(examples=["payment.succeeded"])
    org_id: str
    mode: Literal["test", "live"]
    api_version: str = Field(examples=["2026-03-05"])
    timestamp: Moment
    created_at: Moment
    position: Count
    previous_position: Count | None
    customer_version: Count | None
    replay: bool
    data: dict[str, Any]


class Events(Shape):
    """``position`` goes into ``after`` of the next request, also when there are no events."""

    events: list[Event]
    position: Count
    has_more: bool
