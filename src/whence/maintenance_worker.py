"""Maintenance worker: carries out the runs that were asked for, each in a process of its own.

So who serves goes on serving; and when the process, or its parent, is gone, another takes over.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from types import FrameType
from typing import Final
from uuid import uuid4

import structlog

from ledger.clock import Clock
from ledger.ledger import Ledger
from ledger.supervised_threads import supervised_thread
from projections.engine.rebuilding.runs import Kind, Run, Runs
from whence import logs
from whence.errors import Unsuccessful, kind_and_place
from whence.presence import present
from whence.processes import end_with_the_parent
from whence.settings import Settings
from whence.wiring import generations_of, recording, utc_now

_LOOK_SECONDS: Final = 1.0
_GOODBYE_SECONDS: Final = 5.0
# Whoever is served comes first.
_NICENESS: Final = 5

_log = structlog.get_logger("whence")


@contextmanager
def maintaining(settings: Settings, ledger: Ledger, *, clock: Clock = utc_now) -> Iterator[None]:
    """Looks every second whether a run waits, and has it carried out, as long as the context is.

    One that is not finished by then is left to others.
    """
    runs, closing = Runs(ledger.engine, clock), threading.Event()

    def work() -> None:
        while not closing.wait(_LOOK_SECONDS):
            holder = uuid4().hex
            run = runs.take(holder=holder)
            if run is not None:
                _have_carried_out(settings, run, holder, closing)
                if closing.is_set():
                    runs.let_go(run, holder)

    thread = supervised_thread(work, name="maintenance", closing=closing)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join()


def _have_carried_out(settings: Settings, run: Run, holder: str, closing: threading.Event) -> None:
    # Not forked from this one: a fork takes along locks that threads held, and open connections.
    forking = get_context("forkserver")
    forking.set_forkserver_preload([__name__, "whence.maintenance"])
    process = forking.Process(
        target=carry_out, args=(settings, run, holder), name=f"run-{run.number}"
    )
    process.start()
    while process.is_alive() and not closing.is_set():
        process.join(_LOOK_SECONDS)
    process.terminate()
    process.join(_GOODBYE_SECONDS)
    process.kill()
    process.join()
    process.close()


def carry_out(settings: Settings, run: Run, holder: str) -> None:
    """In the process that was started for it."""
    # Whoever serves does not wait for what this brings along.
    from whence import maintenance  # noqa: PLC0415 (see above)

    logs.configure(settings.log_level, settings.log_format)
    # From a terminal all are interrupted, and whoever asked for this one stops it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt)
    end_with_the_parent()
    os.nice(_NICENESS)
    works: dict[Kind, Callable[..., object]] = {
        "rebuild": maintenance.rebuild,
        "verify": maintenance.verify,
    }
    try:
        with (
            recording(settings, makes_store=False) as ledger,
            generations_of(settings, ledger) as generations,
            present(ledger.engine, run.kind),
            maintenance.carrying_out(
                Runs(ledger.engine, utc_now), run, holder, goes_on=True
            ) as work,
        ):
            works[run.kind](ledger, generations, work, processes=_processes())
    except (KeyboardInterrupt, Unsuccessful):
        pass
    except Exception as error:  # noqa: BLE001 (noted with the run as well)
        _log.error("a run failed", run=run.number, kind=run.kind, error=kind_and_place(error))


def _processes() -> int:
    """Half of the cores: the others are for those who serve."""
    return max(1, (os.cpu_count() or 1) // 2)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
