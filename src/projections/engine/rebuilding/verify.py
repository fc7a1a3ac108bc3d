"""Verification: every row derived again from the facts, and compared with the views.

First the chain of each book. Then a generation of its own is folded from the facts, up to where the
views are that are verified, and both are read side by side.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from ledger.chain import BrokenChain, Chain
from ledger.facts import FactMapper, StoredFact
from ledger.ledger import Ledger
from projections.engine.folding.checkpoints import Checkpoint, read_checkpoints
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.fold import Folding
from projections.engine.generations.fold_and_write import fold_and_write
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import Generations
from projections.engine.generations.same_history import is_known
from projections.engine.rebuilding.compare import Compared, Difference, compare
from projections.engine.rebuilding.heartbeat import Meter, build
from projections.engine.rebuilding.parallel_load import load_books

_CONTENDED_SECONDS = 0.01

Count = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class TableReport:
    """One table of one book: how many rows it has, their digest (32 hex digits), what is wrong."""

    name: str
    rows: int
    digest: str
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class BookReport:
    """One book: its chain, the position its views are at, its tables.

    `is_of_this_ledger` is false for views whose last fact is another than the ledger has there.
    """

    book: str
    chain: Chain | BrokenChain
    checkpoint: Checkpoint
    tables: tuple[TableReport, ...]
    is_of_this_ledger: bool = True

    @property
    def is_sound(self) -> bool:
        return (
            isinstance(self.chain, Chain)
            and self.is_of_this_ledger
            and self.checkpoint.parked_error is None
            and all(table.difference is None for table in self.tables)
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What `verify` found, book by book, in the generation of this number."""

    generation: int
    books: tuple[BookReport, ...]

    @property
    def is_sound(self) -> bool:
        return all(book.is_sound for book in self.books)


def verify(
    ledger: Ledger,
    generations: Generations,
    mapper: FactMapper,
    definitions: Definitions,
    *,
    number: int | None = None,
    processes: int = 1,
    count: Count = lambda _: None,
    broken: Callable[[BrokenChain], None] = lambda _: None,
) -> Report:
    """Verify every book of the ledger against the generation of this number, or that serves.

    At most so many `processes` fold. `count` is told how many facts were folded again, `broken` of
    each broken chain when it is found, which is long before the end. Raises ViewsRebuilding when
    none serves, NoSuchGeneration for a number that could not, LoadFailed.
    """
    if number is None:
        verified = generations.serving(definitions)
    else:
        verified = generations.whole(number, definitions)
    with verified.reading() as found:
        positions = {book: each.position for book, each in read_checkpoints(found).items()}
    chains = _walk_chains(ledger, sorted(positions.keys() | ledger.heads().keys()), broken)
    meter = Meter(sum(positions.values()), lambda _: None)

    def counted(facts: int) -> None:
        meter.count(facts)
        count(facts)

    with build(generations, definitions, meter) as fresh:
        _derive(ledger, fresh, mapper, definitions, positions, counted, processes)
        # One moment of the views, and a short one: they go on while everything is folded again.
        with verified.scanning() as found:
            checkpoints = read_checkpoints(found)
            goals = {book: each.position for book, each in checkpoints.items()}
            _go_on(ledger, fresh, mapper, definitions, goals)
            with fresh.scanning() as expected:
                compared = {t.name: compare(expected, found, t) for t in definitions.tables}
    books = checkpoints.keys() | chains.keys()
    books = books.union(*(table.keys() for table in compared.values()))
    chains |= _walk_chains(ledger, sorted(books - chains.keys()), broken)
    return Report(
        verified.number,
        tuple(_report(ledger, book, chains[book], checkpoints, compared) for book in sorted(books)),
    )


def _walk_chains(
    ledger: Ledger, books: list[str], broken: Callable[[BrokenChain], None]
) -> dict[str, Chain | BrokenChain]:
    chains: dict[str, Chain | BrokenChain] = {}
    for book in books:
        chain = chains[book] = ledger.verify(book)
        if isinstance(chain, BrokenChain):
            broken(chain)
    return chains


def _derive(
    ledger: Ledger,
    fresh: Generation,
    mapper: FactMapper,
    definitions: Definitions,
    positions: Mapping[str, int],
    count: Count,
    processes: int,
) -> None:
    books = sorted(positions.items())
    load_books(ledger, fresh, definitions, mapper, books, count, processes=processes)
    # What is in quarantine begins anew, which takes its time: not while the views are being read.
    _go_on(ledger, fresh, mapper, definitions, positions)


def _go_on(
    ledger: Ledger,
    fresh: Generation,
    mapper: FactMapper,
    definitions: Definitions,
    goals: Mapping[str, int],
) -> None:
    """Fold what is missing up to these positions, and no more; a row that is refused parks."""
    folding = Folding(mapper, definitions.folds)

    def read(
        after: Mapping[str, int], each: int, connection: Connection | None
    ) -> list[StoredFact]:
        [(book, position)] = after.items()
        return ledger.read(
            book, after=position, upto=goals[book], limit=each, connection=connection
        )

    with fresh.reading() as connection:
        reached = read_checkpoints(connection)
    for book, goal in goals.items():
        at = reached.get(book, Checkpoint())
        goes_on = at.position < goal and at.parked_error is None
        while goes_on:
            step = fold_and_write(fresh, definitions, folding, read, [book])
            goes_on = bool(step.unfinished or step.contended)
            if step.contended:
                # By a connection of ours that was cut, until the database has noticed.
                time.sleep(_CONTENDED_SECONDS)


def _report(
    ledger: Ledger,
    book: str,
    chain: Chain | BrokenChain,
    checkpoints: Mapping[str, Checkpoint],
    compared: Mapping[str, Mapping[str, Compared]],
) -> BookReport:
    found = {name: table.get(book, Compared()) for name, table in compared.items()}
    checkpoint = checkpoints.get(book, Checkpoint())
    return BookReport(
        book,
        chain,
        checkpoint,
        tuple(TableReport(name, of.rows, of.digest, of.difference) for name, of in found.items()),
        is_known(ledger, book, checkpoint),
    )
