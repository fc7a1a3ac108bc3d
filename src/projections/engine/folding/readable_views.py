"""Readable views: tables as a stranger reads them in SQL, with times as text.

They are SQL views beside the tables they show. Nothing in the program reads them.
"""

from dataclasses import dataclass

from sqlalchemy import Table


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of a readable view, as each database computes it."""

    name: str
    sqlite: str
    postgresql: str


def as_it_is(column: str, name: str = "") -> Shown:
    return Shown(name or column, column, column)


def moment(column: str) -> Shown:
    """RFC 3339 in UTC, of microseconds since 1970; it sorts as the moments do."""
    seconds, rest = f"{column} / 1000000", f"{column} % 1000000"
    return Shown(
        column,
        f"strftime('%Y-%m-%dT%H:%M:%S', {seconds}, 'unixepoch') || printf('.%06dZ', {rest})",
        f"to_char(to_timestamp({seconds}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
        f" || '.' || lpad(({rest})::text, 6, '0') || 'Z'",
    )


def inside(column: str, name: str) -> Shown:
    """A text inside a column of JSON."""
    return Shown(name, f"json_extract({column}, '$.{name}')", f"{column}::json ->> '{name}'")


_WHOSE = (
    # As the tables have it, which are found by it; what is computed of it finds nothing.
    as_it_is("book"),
    Shown("organization", "substr(book, 1, instr(book, '/') - 1)", "split_part(book, '/', 1)"),
    Shown("mode", "substr(book, instr(book, '/') + 1)", "split_part(book, '/', 2)"),
)


@dataclass(frozen=True, slots=True)
class ReadableView:
    """Each row of a table that has something in the column ``there``: the others are half told."""

    name: str
    table: Table
    there: str
    columns: tuple[Shown, ...]
    only: str = "true"

    def statement(self, dialect: str, schema: str | None) -> str:
        """What makes it; one that is there already stays on SQLite, and is replaced otherwise."""
        place = "" if schema is None else f"{schema}."
        made = "VIEW IF NOT EXISTS" if dialect == "sqlite" else "OR REPLACE VIEW"
        columns = ", ".join(
            f"{getattr(shown, dialect)} AS {shown.name}" for shown in (*_WHOSE, *self.columns)
        )
        return (
            f"CREATE {made} {place}{self.name} AS SELECT {columns} "  # noqa: S608 (names of our own)
            f"FROM {place}{self.table.name} WHERE {self.there} IS NOT NULL AND {self.only}"
        )
