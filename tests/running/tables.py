"""The ledger's tables, made for a test: as `upgrade` made them once, without its migrations.

Walking through the migrations takes longer than most tests; the statements they come to do not.
"""

from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Engine, event, insert
from sqlalchemy.schema import DropTable

from ledger.database import upgrade, writing
from ledger.private_files import make_private_file
from ledger.schema import metadata, store

_THERE = {
    "sqlite": "SELECT max(name) FROM sqlite_master WHERE name = 'store'",
    "postgresql": "SELECT to_regclass('whence.store')",
}
_CHANGES = (
    "CREATE",
    "ALTER",
    "DROP",
    "INSERT INTO alembic",
    "INSERT INTO whence.alembic",
    "UPDATE",
)

# By migrations after 0007.
_MADE_LATER = (
    *("delivery_cursors", "deliveries", "delivery_attempts"),
    *("workflow_cursors", "workflow_executions", "workflow_actions"),
    *("maintenance_runs", "processes"),
)

_recorded: dict[str, list[str]] = {}


def make_tables(engine: Engine) -> None:
    """The tables of an empty ledger, with an identity of its own; nothing if they are there."""
    kind = engine.dialect.name
    if kind == "sqlite":
        make_private_file(Path(engine.url.database or ""))
    with engine.connect() as connection:
        if connection.exec_driver_sql(_THERE[kind]).scalar() is not None:
            return
    if kind not in _recorded:
        _recorded[kind] = _statements_of_an_upgrade(engine)
        return
    with writing(engine) as connection:
        for statement in _recorded[kind]:
            connection.exec_driver_sql(statement)
        _identify(connection)


def empty_tables(engine: Engine) -> None:
    """As `make_tables` left them, for another test: that takes a fraction of making them."""
    is_sqlite = engine.dialect.name == "sqlite"
    names = [table.name if is_sqlite else table.fullname for table in metadata.tables.values()]
    statements = [f"DELETE FROM {name}" for name in names]  # noqa: S608 (our own names)
    with writing(engine) as connection:
        # A PostgreSQL takes them all at once.
        for statement in statements if is_sqlite else [";".join(statements)]:
            connection.exec_driver_sql(statement)
        _identify(connection)


def drop_what_was_made_later(connection: Connection) -> None:
    """Leaves the tables of 0007, to make an older store of it that is brought up to date."""
    for table in metadata.sorted_tables:
        if table.name in _MADE_LATER:
            connection.execute(DropTable(table))


def _identify(connection: Connection) -> None:
    connection.execute(insert(store).values(book="", id=uuid4().hex, epoch=1))


def _statements_of_an_upgrade(engine: Engine) -> list[str]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith(_CHANGES):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    upgrade(engine)
    event.remove(engine, "before_cursor_execute", note)
    # A PostgreSQL takes them all at once.
    return statements if engine.dialect.name == "sqlite" else [";".join(statements)]
