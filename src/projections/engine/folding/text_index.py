"""Text index (trigram search): finds rows by a part of their text.

An index and not a view: it says where to look, and what is found is read from the rows. On SQLite
it is an FTS5 table, on PostgreSQL a GIN index of the extension pg_trgm. Where either is missing
the rows of the book are looked through, and the log says so when a generation is made.

On SQLite there is an entry for each text a row ever had, numbered by its book and the position of
the fact that stated it. A row has the text of its own position only: so nothing is ever deleted
from the index, a rebuild leaves out what is gone, and no book reads the entries of another.
"""

import json
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from projections.engine.folding.changes import Changes
from projections.engine.folding.searchable_text import searchable
from projections.engine.folding.tables import key_names, value_names

_log = logging.getLogger(__name__)

_RUN = 3
_MOST_RUNS = 24
# The number of an entry is that of its book, then so many bits for the position.
_POSITION_BITS = 40
_POSITION = (1 << _POSITION_BITS) - 1

# Only the numbers are kept, neither the text nor where in it a run is: that is in the row.
_CREATE = """
    CREATE VIRTUAL TABLE {name} USING fts5(
        {column}, content = '', detail = 'none', columnsize = 0,
        tokenize = 'trigram case_sensitive 1'
    )
"""
_CREATE_BOOKS = """
    CREATE TABLE {name}_books (book TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE) STRICT
"""
_CREATE_WAY_BACK = "CREATE INDEX {name}_entries ON {rows} (book, {position})"
_ALL_TEXTS = "SELECT book, {position}, {column} FROM {rows} WHERE {position} IS NOT NULL"
_CHANGED_TEXTS = """
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
    FROM json_each(:changed)
"""
_NUMBER_BOOKS = """
    WITH texts (book, position, said) AS ({texts})
    INSERT INTO {name}_books
    SELECT book, row_number() OVER (ORDER BY book) + (
        SELECT coalesce(max(number), 0) FROM {name}_books
    )
    FROM (SELECT book FROM texts EXCEPT SELECT book FROM {name}_books)
"""
_ENTER = """
    WITH texts (book, position, said) AS ({texts})
    INSERT INTO {name} (rowid, {column})
    SELECT number << {bits} | position, said FROM texts JOIN {name}_books USING (book) ORDER BY 1
"""
_TIDY = "INSERT INTO {name} ({name}) VALUES ('optimize')"

_PG_TRGM = (
    "SELECT nspname FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace "
    "WHERE extname = 'pg_trgm'"
)
_GIN = """
    CREATE INDEX IF NOT EXISTS {name} ON {rows} USING gin ({column} "{schema}".gin_trgm_ops)
"""


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """The rows of `table` are found by parts of the text in `column`, which is searchable text.

    `position` is the column that says which fact of the book stated the text.
    """

    table: Table
    column: str
    position: str

    @property
    def name(self) -> str:
        return f"{self.table.name}_{self.column}"

    def create(self, connection: Connection, table_name: str) -> None:
        """Make the index over the rows there are, unless it is there.

        `table_name` is what the database calls them.

        Where the database has not got the means, the log says so. An index that fails although it
        has them is no index: DBAPIError.
        """
        try:
            with connection.begin_nested():
                make = self._prepared(connection, table_name)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            reason = str(error.orig).splitlines()[0]
            _log.warning("searching %s looks through all its rows: %s", table_name, reason)
            return
        for statement in make:
            connection.exec_driver_sql(statement)

    def add(self, connection: Connection, changes: Iterable[Changes]) -> None:
        """Take in the texts that these changes state, in the transaction that writes the rows."""
        if connection.dialect.name != "sqlite":
            return
        names = value_names(self.table)
        at, text_at = names.index(self.position), names.index(self.column)
        new = [
            (each.book, row[at], row[text_at])
            for each in changes
            for row in each.rows_of(self.table).values()
            if row[at] is not None
        ]
        if new and self._has_entries(connection):
            for statement in (_NUMBER_BOOKS, _ENTER):
                connection.exec_driver_sql(
                    self._sql(statement, _CHANGED_TEXTS), {"changed": json.dumps(new)}
                )

    def containing(self, *parts: str) -> ColumnElement[bool]:
        """The condition that a row has one of these parts in its text, whatever the case."""
        text_of = self.table.c[self.column]
        return or_(*(text_of.contains(searchable(each), autoescape=True) for each in parts))

    def found(self, connection: Connection, book: str, *parts: str) -> Select[Any]:
        """The keys of the rows that have one of them, by the index if there is one that can tell.

        (PostgreSQL decides by itself.)
        """
        folded, columns = [searchable(each) for each in parts], self.table.c
        keys = (columns[name] for name in key_names(self.table))
        rows = select(*keys).where(columns.book == book, self.containing(*parts))
        on_sqlite = connection.dialect.name == "sqlite"
        if not on_sqlite or len(min(folded, key=len)) < _RUN or not self._has_entries(connection):
            return rows
        entry = table(self.name, column("rowid", BigInteger), column(self.name, Text)).c
        number = (
            select(column("number", BigInteger))
            .select_from(table(f"{self.name}_books"))
            .where(column("book") == book)
            .scalar_subquery()
        )
        first, beyond = (each.op("<<")(_POSITION_BITS) for each in (number, number + 1))
        return rows.where(
            entry[self.name].op("MATCH")(" OR ".join(f"({_runs(each)})" for each in folded)),
            entry.rowid >= first,
            entry.rowid < beyond,
            columns[self.position] == entry.rowid.op("&")(_POSITION),
        )

    def _prepared(self, connection: Connection, table_name: str) -> list[str]:
        """Find or make what the database needs for it; the statements that then make the index."""
        if connection.dialect.name == "sqlite":
            if self._is_made(connection):
                return []
            connection.exec_driver_sql(self._sql(_CREATE, _ALL_TEXTS))
            made = (_CREATE_BOOKS, _CREATE_WAY_BACK, _NUMBER_BOOKS, _ENTER, _TIDY)
            return [self._sql(statement, _ALL_TEXTS) for statement in made]
        schema = _pg_trgm(connection)
        return [_GIN.format(name=self.name, rows=table_name, column=self.column, schema=schema)]

    def _is_made(self, connection: Connection) -> bool:
        """All of it is made on SQLite; something else may have the name of the table."""
        there = "SELECT count(*) FROM sqlite_master WHERE name IN (?, ?)"
        found = connection.exec_driver_sql(there, (self.name, f"{self.name}_entries")).scalar_one()
        return bool(found == 2)  # noqa: PLR2004 (the table, and its way back)

    def _has_entries(self, connection: Connection) -> bool:
        there = "SELECT 1 FROM sqlite_master WHERE name = ?"
        return connection.exec_driver_sql(there, (self.name,)).first() is not None

    def _sql(self, statement: str, texts: str) -> str:
        names = {"name": self.name, "rows": self.table.name}
        names |= {"column": self.column, "position": self.position}
        return statement.format(texts=texts.format(**names), bits=_POSITION_BITS, **names)


def _pg_trgm(connection: Connection) -> str:
    """The schema that has the extension, which is made unless it is there."""
    schema = connection.execute(text(_PG_TRGM)).scalar()
    if schema is None:
        # Whoever does it at the same moment waits for the first to be done, and then fails.
        with suppress(IntegrityError), connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
        schema = connection.execute(text(_PG_TRGM)).scalar_one()
    return str(schema)


def _runs(folded: str) -> str:
    """What FTS5 is asked for: runs of three letters, side by side, that cover the part."""
    runs = [folded[at : at + _RUN] for at in range(0, len(folded) - _RUN + 1, _RUN)]
    needed = dict.fromkeys([*runs[:_MOST_RUNS], folded[-_RUN:]])
    return " AND ".join('"' + run.replace('"', '""') + '"' for run in needed)
