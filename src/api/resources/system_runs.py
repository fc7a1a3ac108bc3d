"""The run resource: a rebuild or a verification of the store, how far it is, what came of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, Literal

import orjson
from pydantic import Field

from api.resources.shapes import Count, Moment, Shape
from api.resources.shapes import Share as ShareOfAll
from projections.engine.rebuilding.heartbeat import Progress
from projections.engine.rebuilding.runs import Run

# In the place of a book: what is wrong is so of none, but of all there is.
THE_STORE: Final = ""


class RunReport(Shape):
    """Of a verification ``sound`` says whether all is as it should be.

    ``faults`` are those of the books that whoever asks may read; of the store as such where it is
    one organization's, and both books theirs. ``more_faults`` counts those that are not told here.
    """

    generation: Count | None
    sound: bool | None
    books: Count | None
    rows: Count | None
    database: str | None
    faults: list[str]
    more_faults: Count
    error: str | None


class SystemRun(Shape):
    """``waiting`` for a process that folds to begin it; ``interrupted`` when nobody goes on.

    ``facts`` of ``total`` are null for whoever may not count the facts of the whole store.
    """

    number: Count
    kind: Literal["rebuild", "verify"]
    state: Literal["waiting", "running", "interrupted", "done", "failed", "canceled"]
    asked_by: str | None
    asked_at: Moment
    began_at: Moment | None
    ended_at: Moment | None
    progress: ShareOfAll | None
    facts: Count | None
    total: Count | None
    seconds_left: float | None = Field(ge=0)
    report: RunReport | None


def run_of(
    run: Run, org_id: str, now: datetime, *, sees_figures: bool, told_books: Collection[str]
) -> dict[str, Any]:
    """Faults name rows and what stands in them: they are told of ``told_books`` alone.

    THE_STORE among those stands for faults that are of no book, and may name any.
    """
    began_at = _moment(run.began_at)
    return SystemRun.of(
        run,
        asked_by=run.asked_by if run.organization in {"", org_id} else None,
        asked_at=_moment(run.asked_at),
        began_at=began_at,
        ended_at=_moment(run.ended_at),
        progress=_progress(run),
        facts=run.facts if sees_figures else None,
        total=max(run.total, run.facts) if sees_figures else None,
        seconds_left=_seconds_left(run, began_at, now),
        report=run.report and _report(run.report, told_books, sees_all=sees_figures),
    )


def _progress(run: Run) -> float | None:
    if run.state == "done":
        return 1.0
    return None if not run.total else round(min(run.facts / run.total, 1.0), 2)


def _seconds_left(run: Run, began_at: datetime | None, now: datetime) -> float | None:
    if run.state != "running" or began_at is None:
        return None
    seconds = max((now - began_at).total_seconds(), 1.0)
    left = Progress(run.facts, run.total, seconds).seconds_left
    return left and round(left, 1)


def _report(text: str, told_books: Collection[str], *, sees_all: bool) -> dict[str, Any]:
    said = orjson.loads(text)
    told = [each["sentence"] for each in said.get("faults", ()) if each["book"] in told_books]
    return RunReport.of(
        None,
        generation=said.get("generation"),
        sound=said.get("sound"),
        books=said.get("books") if sees_all else None,
        rows=said.get("rows") if sees_all else None,
        database=said.get("database"),
        faults=told,
        more_faults=said.get("fault_count", 0) - len(told),
        error=_told_error(said.get("error"), told_books),
    )


def _told_error(error: str | None, told_books: Collection[str]) -> str | None:
    """It may name the book it was about."""
    return (
        error
        if error is None or THE_STORE in told_books
        else "whoever runs the store finds why in its log"
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
