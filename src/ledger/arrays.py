"""Arrays: many rows as parameters of one statement on PostgreSQL, an array for each column.

They are written in the server's binary form right here: the driver looks at every value of a list
by itself, which takes our processor twice as long (docs/measurements/0001-ledger.md).
"""

from collections.abc import Callable, Iterable, Sequence
from struct import Struct
from typing import Any

from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy import Column

_ARRAY_OF: dict[type, str] = {str: "text[]", int: "bigint[]", bytes: "bytea[]"}

_BYTEA, _BIGINT, _TEXT = 17, 20, 25
# Dimensions, whether anything is null, type, how many, the number of the first.
_HEADER = Struct("!iiiii")
_LENGTH = Struct("!i")
_NUMBER = Struct("!iq")


class Array(bytes):
    """The values of a column as the server reads them; the statement says of which type."""


def accept_arrays(connection: Connection[Any]) -> None:
    """Lets a connection send them."""
    connection.adapters.register_dumper(Array, _ArrayDumper)


def unnested(columns: Sequence[Column[Any]]) -> str:
    """Rows as something to select from, called ``r``; `by_column` gives its parameters."""
    parts = ", ".join(f"%b::{_ARRAY_OF[column.type.python_type]}" for column in columns)
    return f"unnest({parts}) AS r({', '.join(column.name for column in columns)})"


def by_column(rows: Iterable[Sequence[Any]]) -> tuple[Array, ...]:
    """An array for each column; there is a row, and no value is missing."""
    return tuple(_WRITTEN[type(values[0])](values) for values in zip(*rows, strict=True))


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Array) -> Array:
        return obj


def _texts(values: Sequence[str]) -> Array:
    return _of_bytes(_TEXT, [value.encode() for value in values])


def _bytes(values: Sequence[bytes]) -> Array:
    return _of_bytes(_BYTEA, values)


def _of_bytes(kind: int, values: Sequence[bytes]) -> Array:
    parts = [_HEADER.pack(1, 0, kind, len(values), 1)]
    for value in values:
        parts += (_LENGTH.pack(len(value)), value)
    return Array(b"".join(parts))


def _numbers(values: Sequence[int]) -> Array:
    parts = [_NUMBER.pack(8, value) for value in values]
    return Array(_HEADER.pack(1, 0, _BIGINT, len(values), 1) + b"".join(parts))


_WRITTEN: dict[type, Callable[[Any], Array]] = {str: _texts, bytes: _bytes, int: _numbers}
