"""Whether the views say what the facts say: every row derived again, and compared.

First the chain of each book, then each of its tables: an order-independent sum of row hashes over
the rows that serve, against the same sum over rows folded anew up to the same position.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from ledger.chain import BrokenChain, Chain
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.checkpoints import Checkpoint, standing
from projections.definitions import Definitions
from projections.derivation import derive_book
from projections.filling import Filler
from projections.folding import Folding
from projections.generation import Generation
from projections.generations import Generations
from projections.rows import key_names

_MODULUS = 2**128
_ROWS_AT_ONCE = 5_000

Row = tuple[Any, ...]
Count = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first row that is not what the facts say.

    `column` is None when the row is missing or should not be there; then one of the values is
    the whole row and the other None.
    """

    key: dict[str, Any]
    column: str | None
    expected: Any
    found: Any


@dataclass(frozen=True, slots=True)
class TableReport:
    """One table of one book: how many rows serve, their digest (32 hex digits), what is wrong."""

    name: str
    rows: int
    digest: str
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class BookReport:
    """One book: its chain, the position its views are at, its tables."""

    book: str
    chain: Chain | BrokenChain
    checkpoint: Checkpoint
    tables: tuple[TableReport, ...]

    @property
    def is_sound(self) -> bool:
        chained = isinstance(self.chain, Chain) and self.checkpoint.parked_error is None
        return chained and all(table.difference is None for table in self.tables)


@dataclass(frozen=True, slots=True)
class Report:
    """What `verify` found, book by book."""

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
    count: Count = lambda _: None,
) -> Report:
    """Verify every book of the ledger against the generation that serves.

    `count` is told how many facts were folded again. Raises ViewsRebuilding when none serves.
    The comparison is made in a generation of its own, which is gone afterwards.
    """
    serving = generations.serving(definitions)
    with serving.reading() as connection:
        known = set(standing(connection))
    fresh = generations.begin(definitions)
    try:
        fresh.create_keys(definitions)
        folding = Folding(mapper, definitions.folds)
        filler = Filler(ledger, fresh, definitions, folding, count)
        return Report(
            tuple(
                _verify_book(ledger, serving, fresh, filler, definitions, book)
                for book in sorted(known | set(ledger.heads()))
            )
        )
    finally:
        generations.drop(fresh.number)


def _verify_book(
    ledger: Ledger,
    serving: Generation,
    fresh: Generation,
    filler: Filler,
    definitions: Definitions,
    book: str,
) -> BookReport:
    chain = ledger.verify(book)
    # One transaction from the checkpoint to the last row: the views go on, this stands still.
    with serving.reading() as found:
        checkpoint = standing(found, [book]).get(book, Checkpoint())
        filler.fill([(book, checkpoint.position)])
        with fresh.writing() as connection:
            derive_book(connection, definitions.derived, book)
        with fresh.reading() as expected:
            tables = tuple(_compare(expected, found, table, book) for table in definitions.tables)
    return BookReport(book, chain, checkpoint, tables)


def _compare(expected: Connection, found: Connection, table: Table, book: str) -> TableReport:
    statement = select(table).where(table.c.book == book)
    rows, digest = _digest(found, statement)
    alike = (rows, digest) == _digest(expected, statement)
    difference = None if alike else _first_difference(expected, found, table, statement)
    return TableReport(table.name, rows, f"{digest:032x}", difference)


def _digest(connection: Connection, statement: Select[Any]) -> tuple[int, int]:
    rows, digest = 0, 0
    with _rows(connection, statement) as found:
        for row in found:
            rows += 1
            hashed = hashlib.sha256(repr(row).encode()).digest()
            digest = (digest + int.from_bytes(hashed[:16])) % _MODULUS
    return rows, digest


def _first_difference(
    expected: Connection, found: Connection, table: Table, statement: Select[Any]
) -> Difference | None:
    keys = ("book", *key_names(table))
    ordered = statement.order_by(*(table.columns[name] for name in keys))
    names = [column.name for column in table.columns]
    places = [names.index(name) for name in keys]
    with _rows(expected, ordered) as rights, _rows(found, ordered) as wrongs:
        for right, wrong in zip_longest(rights, wrongs):
            if right != wrong:
                return _difference(names, places, right, wrong)
    return None


def _difference(
    names: list[str], places: list[int], right: Row | None, wrong: Row | None
) -> Difference:
    def key_of(row: Row | None) -> Row | None:
        return None if row is None else tuple(row[place] for place in places)

    mine, theirs = key_of(right), key_of(wrong)
    if mine is not None and theirs is not None and mine != theirs:
        # Both go in the order of their keys: the smaller one is the row the other side lacks.
        right, wrong = (right, None) if mine < theirs else (None, wrong)
    named = {
        names[place]: value
        for place, value in zip(places, key_of(right or wrong) or (), strict=True)
    }
    if right is None or wrong is None:
        return Difference(named, None, right, wrong)
    place = next(i for i, pair in enumerate(zip(right, wrong, strict=True)) if pair[0] != pair[1])
    return Difference(named, names[place], right[place], wrong[place])


@contextmanager
def _rows(connection: Connection, statement: Select[Any]) -> Iterator[Iterator[Row]]:
    # A cursor that was not read to its end must be closed before its connection is given back.
    options = {"yield_per": _ROWS_AT_ONCE}
    with connection.execute(statement, execution_options=options) as found:
        yield (tuple(row) for row in found)
