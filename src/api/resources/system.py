"""The system resource: how the store and the service are, for those who look after them."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from pydantic import Field

from api.resources.shapes import Count, Moment, Shape
from api.resources.shapes import Share as ShareOfAll
from api.resources.system_runs import SystemRun
from domain import console_session
from ledger.processes import Duty as DutyRecord
from ledger.processes import Kind, Process, Work
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
    """What there is to do, and how it goes, whichever processes do it."""

    work: Work
    state: Literal["working", "failing", "late", "nobody"]


class ProcessDuty(Shape):
    """What one process does, and how it goes."""

    work: Work
    state: Literal["working", "failing"]


class SystemProcess(Shape):
    """A process that is at work on the store, wherever it runs.

    ``silent``: it has not been seen for some seconds, so it stands still, or was killed, or cannot
    reach the store; after some minutes it is told of no more.
    """

    id: str
    kind: Kind
    state: Literal["alive", "silent"]
    host: str
    pid: Count
    release: str
    started_at: Moment
    seen_at: Moment
    duties: list[ProcessDuty]


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
    """Figures of a store that several organizations share are told to none of them.

    ``processes`` and ``parked_books`` are null for whoever may not work on such a store.
    """

    version: str
    database: str
    is_shared: bool
    may_operate: bool
    books: list[SystemBook]
    parked_books: list[str] | None
    views: ServingViews
    generations: list[ViewsGeneration]
    running: SystemRun | None
    last_rebuild: SystemRun | None
    last_verification: SystemRun | None
    runs: list[SystemRun]
    duties: list[Duty]
    processes: list[SystemProcess] | None
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


def duties_of(
    own: Iterable[DutyRecord], processes: Iterable[Process], *, is_billed_late: bool
) -> list[dict[str, Any]]:
    """What is done by any process that is alive; this one is, whether it was seen or not."""
    done = [*own, *(each for one in processes if not one.is_silent for each in one.duties)]
    states = {work: {each.state for each in done if each.work == work} for work in get_args(Work)}
    if is_billed_late:
        states["billing"].add("late")
    worst_first = ("late", "failing", "working")
    return [
        Duty.of(None, work=work, state=next((each for each in worst_first if each in of), "nobody"))
        for work, of in states.items()
    ]


def process_of(process: Process) -> dict[str, Any]:
    return SystemProcess.of(
        process,
        state="silent" if process.is_silent else "alive",
        duties=[ProcessDuty.of(each) for each in process.duties],
    )


def limits_of(limits: Mapping[str, Any]) -> dict[str, Any]:
    sessions = {
        "session_idle_seconds": int(console_session.LASTS_UNUSED.total_seconds()),
        "session_seconds": int(console_session.LASTS_AT_MOST.total_seconds()),
    }
    return SystemLimits.of(None, **limits, **sessions)
