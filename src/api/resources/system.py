"""The system resource: how the store and the service are, for those who look after them."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from api.http.system_parts import Duty as DutyRecord
from api.resources.shapes import Count, Moment, Shape
from api.resources.shapes import Share as ShareOfAll
from api.resources.system_runs import SystemRun
from domain import console_session
from projections.engine.generations.registry import Registered


class SetAsideFact(Shape):
    """A fact that this release cannot fold into the views: those of its book stand before it."""

    position: Count | None
    topic: str
    subject_id: str | None
    recorded_at: Moment
    error: str | None


class SystemBook(Shape):
    """A book of the organization: ``facts`` are recorded, ``position`` of them are in the views.

    Both are null for whoever may not read customers: by them one could count who is new.
    """

    book: str
    facts: Count | None
    position: Count | None
    behind: Count
    recorded_at: Moment | None
    parked: SetAsideFact | None


class ServingViews(Shape):
    """Which set of views answers this release; while there is none, how far one is."""

    state: Literal["serving", "rebuilding"]
    generation: Count | None
    progress: ShareOfAll | None


class ViewsGeneration(Shape):
    """A complete set of views, or one that is being built."""

    number: Count
    state: Literal["building", "kept", "serving"]
    this_release: bool
    created_at: Moment
    progress: ShareOfAll | None
    bytes: Count | None


class Duty(Shape):
    """What a process of the service does, as the one that answers knows it."""

    work: Literal["serving", "folding", "billing", "delivery"]
    state: Literal["working", "failing", "late", "elsewhere"]


class SystemLimits(Shape):
    """How much of anything this process takes; null: as much as comes."""

    requests_of_a_key: str | None
    requests_of_strangers: str | None
    body_bytes: Count
    connections: Count | None
    query_wait_seconds: float = Field(ge=0)
    past_facts: Count
    past_facts_per_minute: Count | None
    past_memory_bytes: Count | None
    api_keys_in_use: Count
    sessions_of_one: Count
    session_idle_seconds: Count
    session_seconds: Count


class SystemSizes(Shape):
    """Room on the disk, in bytes; null for whoever may not know it, and where nobody does."""

    ledger: Count | None
    views: Count | None


class System(Shape):
    """Figures of a store that several organizations share are told to none of them."""

    version: str
    database: str
    is_shared: bool
    may_operate: bool
    books: list[SystemBook]
    views: ServingViews
    generations: list[ViewsGeneration]
    running: SystemRun | None
    last_rebuild: SystemRun | None
    last_verification: SystemRun | None
    runs: list[SystemRun]
    duties: list[Duty]
    limits: SystemLimits
    sizes: SystemSizes


def generation_of(
    registered: Registered, digest: str, sizes: dict[int, int | None]
) -> dict[str, Any]:
    return ViewsGeneration.of(
        registered,
        this_release=registered.definitions == digest,
        progress=progress_of(registered),
        bytes=sizes.get(registered.number),
    )


def progress_of(registered: Registered) -> float | None:
    if registered.state != "building":
        return None
    return round(min(registered.facts / max(registered.total, 1), 1.0), 2)


def duty_of(duty: DutyRecord) -> dict[str, Any]:
    return Duty.of(duty)


def limits_of(limits: Mapping[str, Any]) -> dict[str, Any]:
    sessions = {
        "session_idle_seconds": int(console_session.LASTS_UNUSED.total_seconds()),
        "session_seconds": int(console_session.LASTS_AT_MOST.total_seconds()),
    }
    return SystemLimits.of(None, **limits, **sessions)
