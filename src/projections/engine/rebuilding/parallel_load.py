"""Parallel load: several processes fill a generation, each reads, folds and loads alone.

Books are independent of each other, and so are the tables of one book: a book that is more than
the fair share of one process is dealt out by its folds. So nobody waits for anybody, and no row
is written twice. A SQLite file has one writer: it is filled by one process.

Not on a ProcessPoolExecutor, which was tried and came to more lines: it has no word for ending a
task under way, for progress within one, nor for what a process keeps from one task to the next.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pkgutil import resolve_name

import domain.catalogue  # noqa: F401 (whoever reads facts has imported the modules that define them)
from ledger.database import open_engine
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.engine.folding.definitions import Definitions, Fold
from projections.engine.folding.fold import Folding, reason
from projections.engine.generations.clearing import clear
from projections.engine.generations.generation import Generation, postgresql_generation
from projections.engine.rebuilding.bulk_load import ROWS_IN_MEMORY, BulkLoader, Count
from projections.engine.rebuilding.quarantine import derive

_WORTH_A_PROCESS = 50_000

Heads = Sequence[tuple[str, int]]


class LoadFailed(Exception):  # noqa: N818 (it says what happened)
    """A process that filled a part of a generation could not, or is gone."""


@dataclass(frozen=True, slots=True)
class _Task:
    """One book up to a position; of its folds those in one of several parts."""

    book: str
    upto: int
    part: int = 0
    parts: int = 1


@dataclass(frozen=True, slots=True)
class _Place:
    """Where another process finds what it fills, and with what."""

    url: str
    schema: str
    number: int
    digest: str
    definitions: str
    rows_in_memory: int


@dataclass(frozen=True, slots=True)
class _Done:
    """A task is done; `parked` when a fact of its book could not be folded.

    `quarantined` are the books that were left out.
    """

    parked: bool
    quarantined: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Failed:
    reason: str


def load_books(
    ledger: Ledger,
    generation: Generation,
    definitions: Definitions,
    mapper: FactMapper,
    heads: Heads,
    count: Count,
    *,
    processes: int,
) -> None:
    """Load these books, make the keys of their rows, and compute what follows from them.

    Raises LoadFailed.
    """
    load_in_parallel(ledger, generation, definitions, mapper, heads, count, processes=processes)
    generation.create_keys(definitions)
    # What was deleted meanwhile may be there in part, without a checkpoint that tells of it.
    for book in sorted(ledger.deleted().intersection(dict(heads))):
        clear(generation, definitions, book)
    generation.analyze(definitions, only=definitions.folded)
    for book, _ in heads:
        derive(generation, definitions, book)


def load_in_parallel(
    ledger: Ledger,
    generation: Generation,
    definitions: Definitions,
    mapper: FactMapper,
    heads: Heads,
    count: Count,
    *,
    processes: int,
    facts_per_process: int = _WORTH_A_PROCESS,
) -> None:
    """Load these books, each up to the position given with it, by at most so many processes.

    Fewer where there are not `facts_per_process` for each, and one where more would be no use.
    Of a book of which the database refuses a row nothing is loaded: see quarantine.py.
    Whatever ends one process early, or this call, ends all of them.
    Raises LoadFailed.
    """
    facts = sum(upto for _, upto in heads)
    processes = min(processes, facts // facts_per_process)
    if processes <= 1 or generation.schema is None or definitions.name is None:
        folding = Folding(mapper, definitions.folds)
        BulkLoader(ledger, generation, definitions, folding, count).load_books(heads)
        return
    place = _Place(
        url=ledger.engine.url.render_as_string(hide_password=False),
        schema=generation.schema,
        number=generation.number,
        digest=generation.definitions,
        definitions=definitions.name,
        rows_in_memory=ROWS_IN_MEMORY // processes,
    )
    with _workers(place, processes) as workers:
        parked, quarantined = _run(workers, _dealt(heads, definitions.folds, processes), count)
        # One part of the book may have gone further than another: begin it again, as a whole.
        for book in parked | quarantined:
            clear(generation, definitions, book)
        again = [_Task(book, upto) for book, upto in heads if book in parked - quarantined]
        _run(workers, again, count)


def _dealt(heads: Heads, folds: Sequence[Fold], processes: int) -> list[_Task]:
    """The largest first, so that all end at about the same time."""
    share = sum(upto for _, upto in heads) / processes
    tasks: list[_Task] = []
    for book, upto in heads:
        parts = min(-int(-upto // share), processes, len(folds))
        tasks += [_Task(book, upto, part, parts) for part in range(parts)]
    return sorted(tasks, key=lambda task: -task.upto / task.parts)


def _run(
    workers: Iterable[Connection], tasks: Iterable[_Task], count: Count
) -> tuple[set[str], set[str]]:
    """Give the tasks to whoever is free; the books of which a part was parked, and was refused."""
    waiting = iter(tasks)
    busy: dict[Connection, _Task] = {}
    parked: set[str] = set()
    quarantined: set[str] = set()

    def give(worker: Connection) -> None:
        task = next(waiting, None)
        if task is not None:
            with _still_there():
                worker.send(task)
            busy[worker] = task

    for worker in workers:
        give(worker)
    while busy:
        ready = wait(list(busy))
        for worker in [each for each in busy if each in ready]:
            with _still_there():
                message: int | _Done | _Failed = worker.recv()
            match message:
                case int(facts):
                    count(facts)
                case _Done() as done:
                    task = busy.pop(worker)
                    quarantined |= done.quarantined
                    if done.parked and task.parts > 1:
                        parked.add(task.book)
                    give(worker)
                case _Failed(why):
                    raise LoadFailed(why)
    return parked, quarantined


@contextmanager
def _still_there() -> Iterator[None]:
    """Whoever is killed leaves nothing to read, or something half said."""
    try:
        yield
    except (EOFError, ConnectionError):
        raise LoadFailed("a process that fills the views is gone") from None


@contextmanager
def _workers(place: _Place, processes: int) -> Iterator[list[Connection]]:
    # Not forked from this one: a fork takes along locks that threads held, and open connections.
    # They are forked from a process that has done nothing but import what all of them need.
    forking = get_context("forkserver")
    forking.set_forkserver_preload([__name__, place.definitions.partition(":")[0]])
    started: list[tuple[ForkServerProcess, Connection]] = []
    try:
        for number in range(processes):
            ours, theirs = forking.Pipe()
            name = f"loader-{number}"
            process = forking.Process(target=_work, args=(theirs, place), name=name, daemon=True)
            process.start()
            theirs.close()
            started.append((process, ours))
        yield [ours for _, ours in started]
    finally:
        for process, _ in started:
            process.terminate()
        for process, ours in started:
            process.join()
            ours.close()


def _work(parent: Connection, place: _Place) -> None:
    """Do tasks until this process is ended."""
    # Whoever interrupts from a terminal interrupts all; this one is ended by the one that asks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    definitions: Definitions = resolve_name(place.definitions)
    engine = open_engine(place.url)
    ledger = Ledger(engine, clock=lambda: datetime.now(UTC))
    generation = postgresql_generation(engine, place.schema, place.number, place.digest)
    while True:
        task: _Task = parent.recv()
        try:
            parent.send(_load(ledger, generation, definitions, task, place, parent.send))
        except Exception as error:  # noqa: BLE001 (told to the one that asked, who ends all)
            parent.send(_Failed(reason(error)))


def _load(
    ledger: Ledger,
    generation: Generation,
    definitions: Definitions,
    task: _Task,
    place: _Place,
    count: Callable[[int], None],
) -> _Done:
    leads = task.part == 0
    loader = BulkLoader(
        ledger,
        generation,
        definitions,
        Folding(FactMapper(), definitions.folds[task.part :: task.parts]),
        count if leads else lambda _: None,
        rows_in_memory=place.rows_in_memory,
        notes_checkpoints=leads,
    )
    loader.load_books([(task.book, task.upto)])
    return _Done(task.book in loader.parked, frozenset(loader.quarantined))


def _end_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
