"""Maintenance: the store rebuilt or verified as one run, whose progress everybody is told.

The command line carries out a run of its own; one that was asked for at a service is carried out
by a process of its own (`maintenance_worker`).
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from domain.errors import Refusal
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from ledger.supervised_threads import ThreadLog
from projections.engine.generations.generations import (
    Generations,
    NoSuchGeneration,
    ViewsRebuilding,
)
from projections.engine.rebuilding.parallel_load import LoadFailed
from projections.engine.rebuilding.rebuild import Progress, Rebuilt
from projections.engine.rebuilding.rebuild import rebuild as rebuild_views
from projections.engine.rebuilding.runs import Kind, Run, Runs
from projections.read_models import DEFINITIONS
from whence.errors import Unsuccessful, kind_and_place
from whence.faults import faults_in
from whence.presence import present
from whence.verification import StoreReport, verify_store
from whence.wiring import utc_now

_SAID_EVERY_SECONDS: Final = 1.0
_MOST_FAULTS: Final = 100
_SENTENCES: Final = (Refusal, LoadFailed, NoSuchGeneration, Unsuccessful)

Notice = Callable[[Progress], None]


class RunCanceled(Unsuccessful):
    """Somebody has ended it."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"run {run.number} was canceled")


@dataclass
class Work:
    """How far a run is, for whoever carries it out to say, and what came of it.

    ``end`` is called within what it ends with, if that can be told; from then on it `is_over`, and
    nobody cancels it any more. Raises RunCanceled.
    """

    end: Callable[[Connection], None]
    facts: int = 0
    total: int = 0
    report: dict[str, Any] = field(default_factory=dict)
    is_over: bool = False


@contextmanager
def run_of(ledger: Ledger, kind: Kind) -> Iterator[Work]:
    """A run of the operator, who ends it by an interrupt. Raises RunCanceled."""
    runs, holder = Runs(ledger.engine, utc_now), uuid4().hex
    with (
        present(ledger.engine, kind),
        carrying_out(runs, runs.begin(kind, holder=holder), holder) as work,
    ):
        yield work


@contextmanager
def carrying_out(runs: Runs, run: Run, holder: str, *, goes_on: bool = False) -> Iterator[Work]:
    """Says how far it is, once a second, and what came of it; to be entered in the main thread.

    After an interrupt another ``goes_on`` with it, or it is canceled. Raises RunCanceled when
    somebody else has canceled it.
    """

    def end(connection: Connection) -> None:
        report = _text(work.report)
        if not runs.end_within(connection, run, holder, "done", report=report):
            raise RunCanceled(run)
        work.is_over = True

    work = Work(end)
    with _saying(runs, run, holder, work) as is_canceled:
        try:
            yield work
        except KeyboardInterrupt:
            if is_canceled():
                raise RunCanceled(run) from None
            if not goes_on:
                runs.end(run, holder, "canceled")
            raise
        except BaseException as error:
            with suppress(DBAPIError):
                runs.end(run, holder, "failed", report=_text({"error": _sentence(error)}))
            raise
    if not work.is_over:
        runs.note(run, holder, facts=work.facts, total=work.total)
        runs.end(run, holder, "done", report=_text(work.report))


def rebuild(
    ledger: Ledger,
    generations: Generations,
    work: Work,
    *,
    processes: int,
    notice: Notice = lambda _: None,
) -> Rebuilt:
    """Raises what `rebuild_views` does."""
    work.total = sum(ledger.heads().values())

    def noted(state: Progress) -> None:
        work.facts, work.total = state.facts, state.total
        notice(state)

    def end(connection: Connection, number: int) -> None:
        work.report = {"generation": number, "facts": work.facts}
        work.end(connection)

    return rebuild_views(
        ledger,
        generations,
        FactMapper(),
        DEFINITIONS,
        notice=noted,
        with_switch=end,
        processes=processes,
    )


def verify(
    ledger: Ledger,
    generations: Generations,
    work: Work,
    *,
    processes: int,
    number: int | None = None,
    count: Callable[[int], None] = lambda _: None,
    found: Callable[[str], None] = lambda _: None,
) -> StoreReport:
    """Raises what `verify_store` does."""
    work.total = sum(ledger.heads().values())

    def counted(facts: int) -> None:
        work.facts += facts
        count(facts)

    report = verify_store(
        ledger,
        generations,
        number=number,
        processes=processes,
        count=counted,
        found=found,
    )
    work.report = _reported(report)
    return report


def _reported(report: StoreReport) -> dict[str, Any]:
    faults = list(faults_in(report))
    books = report.views.books
    return {
        "generation": report.views.generation,
        "sound": report.is_sound,
        "books": len(books),
        "rows": sum(table.rows for book in books for table in book.tables),
        "database": report.integrity.unchecked or "checked",
        "fault_count": len(faults),
        "faults": [each._asdict() for each in faults[:_MOST_FAULTS]],
    }


@contextmanager
def _saying(runs: Runs, run: Run, holder: str, work: Work) -> Iterator[Callable[[], bool]]:
    over, canceled = threading.Event(), threading.Event()
    log = ThreadLog("run")

    def say() -> None:
        while not over.wait(_SAID_EVERY_SECONDS):
            try:
                mine = runs.note(run, holder, facts=work.facts, total=work.total)
            except Exception as error:  # noqa: BLE001 (whoever looks sees an older figure)
                log.note(error, "could not say how far a run is")
                continue
            if work.is_over:
                return
            if not mine and not over.is_set():
                canceled.set()
                os.kill(os.getpid(), signal.SIGINT)
                return

    thread = threading.Thread(target=say, name="run", daemon=True)
    with _interruptible():
        thread.start()
        try:
            yield canceled.is_set
        finally:
            over.set()
            thread.join()


@contextmanager
def _interruptible() -> Iterator[None]:
    """What a shell began in the background ignores what it is to be ended by."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _sentence(error: BaseException) -> str:
    if isinstance(error, ViewsRebuilding):
        return "no views serve this release yet: nothing was verified"
    return str(error) if isinstance(error, _SENTENCES) else kind_and_place(error)


def _text(report: dict[str, Any]) -> str:
    return orjson.dumps(report).decode()
