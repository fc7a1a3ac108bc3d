"""The probes: whether the process is there, and whether it is ready."""

from typing import Literal

from api.resources.shapes import Count, Moment, Shape


class Health(Shape):
    """The process is there; whether it is ready is another question."""

    status: Literal["ok"]


class Views(Shape):
    """How far what is answered is behind what is recorded, over all books."""

    state: Literal["serving", "rebuilding"]
    behind: Count
    failure: str | None


class Deliveries(Shape):
    """What waits to be told to webhook endpoints, as far as this process tells them."""

    endpoints: Count
    failing: Count
    backlog: Count
    behind: Count
    oldest_waiting_at: Moment | None


class Readiness(Shape):
    """Only ``status`` and ``store`` are always there: of a store that is away nothing is known.

    Anybody may ask, so no book is named.
    """

    status: Literal["ready", "not ready"]
    store: Literal["reachable", "unreachable", "full", "replaced"]
    books: Count = 0
    views: Views | None = None
    deliveries: Deliveries | None = None
    parked_books: Count = 0
    failure: str | None = None
