"""Comparison of one table of two generations, read side by side in the order of its keys."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Table, select

from projections.engine.folding.tables import key_names, value_names

_MODULUS = 2**128
_ROWS_AT_ONCE = 5_000

Row = tuple[Any, ...]


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


@dataclass(slots=True)
class Compared:
    """The rows that were found of one book: how many, the sum of their hashes, what is wrong."""

    rows: int = 0
    sum: int = 0
    difference: Difference | None = None

    @property
    def digest(self) -> str:
        """32 hex digits, the same for the same rows, in whatever order and on either database."""
        return f"{self.sum % _MODULUS:032x}"

    def add(self, row: Row) -> None:
        self.rows += 1
        self.sum += int.from_bytes(hashlib.sha256(orjson.dumps(row)).digest()[:16])


def compare(expected: Connection, found: Connection, table: Table) -> dict[str, Compared]:
    """What was found of each book, and the first row of each that was not expected so."""
    keys = ("book", *key_names(table))
    names = (*keys, *value_names(table))
    compared: dict[str, Compared] = defaultdict(Compared)
    with _rows(expected, table, keys, names) as rights, _rows(found, table, keys, names) as wrongs:
        for right, wrong in _pairs(rights, wrongs, len(keys)):
            of = compared[(right or wrong or ())[0]]
            if wrong is not None:
                of.add(wrong)
            if right != wrong and of.difference is None:
                of.difference = _difference(keys, names, right, wrong)
    return dict(compared)


def _pairs(
    rights: Iterator[Row], wrongs: Iterator[Row], key_length: int
) -> Iterator[tuple[Row | None, Row | None]]:
    """Rows with the same key together; None where one side has no such row."""
    right, wrong = next(rights, None), next(wrongs, None)
    while right is not None and wrong is not None:
        if right == wrong or right[:key_length] == wrong[:key_length]:
            yield right, wrong
            right, wrong = next(rights, None), next(wrongs, None)
        elif right[:key_length] < wrong[:key_length]:
            yield right, None
            right = next(rights, None)
        else:
            yield None, wrong
            wrong = next(wrongs, None)
    while right is not None:
        yield right, None
        right = next(rights, None)
    while wrong is not None:
        yield None, wrong
        wrong = next(wrongs, None)


def _difference(
    keys: tuple[str, ...], names: tuple[str, ...], right: Row | None, wrong: Row | None
) -> Difference:
    key = dict(zip(keys, right or wrong or (), strict=False))
    if right is None or wrong is None:
        return Difference(key, None, right, wrong)
    place = next(i for i, pair in enumerate(zip(right, wrong, strict=True)) if pair[0] != pair[1])
    return Difference(key, names[place], right[place], wrong[place])


@contextmanager
def _rows(
    connection: Connection, table: Table, keys: tuple[str, ...], names: tuple[str, ...]
) -> Iterator[Iterator[Row]]:
    chosen = select(*(table.columns[name] for name in names))
    ordered = chosen.order_by(*(table.columns[name] for name in keys))
    # A cursor that was not read to its end must be closed before its connection is given back.
    options = {"yield_per": _ROWS_AT_ONCE}
    with connection.execute(ordered, execution_options=options) as found:
        yield (tuple(row) for row in found)
