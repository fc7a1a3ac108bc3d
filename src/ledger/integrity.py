"""Integrity: what the database itself finds wrong with its files and indexes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from ledger.distribution import is_distributed

_SQLITE_SAYS = 20
_NOT_PERMITTED = "42501"
_INDEXES = text(
    "SELECT c.oid, c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid "
    "JOIN pg_am AS a ON a.oid = c.relam JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE n.nspname = ANY(:schemas) AND a.amname = 'btree' AND i.indisvalid ORDER BY c.relname"
)
_AMCHECK = text(
    "SELECT quote_ident(n.nspname) FROM pg_extension AS e "
    "JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'"
)


@dataclass(frozen=True, slots=True)
class Integrity:
    """What was found wrong; `unchecked` says why nothing was looked for, None when it was."""

    faults: tuple[str, ...] = ()
    unchecked: str | None = None


def check_integrity(engine: Engine, schemas: Sequence[str]) -> Integrity:
    """SQLite reads its whole file, PostgreSQL the indexes of these schemas and what they lead to.

    PostgreSQL needs its extension amcheck, and the right to use it.
    """
    with engine.execution_options(unhurried=True).connect() as connection:
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql(f"PRAGMA integrity_check({_SQLITE_SAYS})").scalars()
            return Integrity(tuple(said for said in found if said != "ok"))
        if is_distributed(connection):
            return Integrity(unchecked="its tables are on several machines")
        amcheck = connection.execute(_AMCHECK).scalar()
        if amcheck is None:
            return Integrity(unchecked="its extension amcheck is not installed")
        return _checked_indexes(connection, amcheck, schemas)


def _checked_indexes(connection: Connection, amcheck: str, schemas: Sequence[str]) -> Integrity:
    try:
        return Integrity(tuple(_wrong_indexes(connection, amcheck, schemas)))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _NOT_PERMITTED:
            raise
        return Integrity(unchecked="its user may not use the extension amcheck")


def _wrong_indexes(connection: Connection, amcheck: str, schemas: Sequence[str]) -> Iterator[str]:
    check = text(f"SELECT {amcheck}.bt_index_check(:index, true)")
    for index, name in connection.execute(_INDEXES, {"schemas": list(schemas)}).all():
        try:
            with connection.begin_nested():
                connection.execute(check, {"index": index})
        except DBAPIError as error:
            # XX: the database's own "this cannot be".
            if not str(getattr(error.orig, "sqlstate", "")).startswith("XX"):
                raise
            yield f"index {name}: {str(error.orig).splitlines()[0]}"
