"""A store moves into another database, whole."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager

from sqlalchemy import Connection, Engine, Table, func, insert, select

from ledger.database import writing
from ledger.reading import StoreIdentity
from ledger.rows import insert_rows
from ledger.schema import books, claims, events, replies, store

Notice = Callable[[int, int], None]

_PAGE = 2000


class StoreNotEmpty(ValueError):  # noqa: N818 (an answer to the operator, not a fault)
    def __init__(self) -> None:
        super().__init__("the other store holds facts already: copy into an empty one")


def copy_store(
    source: Engine, target: Engine, *, notice: Notice = lambda _facts, _total: None
) -> StoreIdentity:
    """Copies what a store holds at one moment into an upgraded, empty one; its identity there.

    Positions, digests, claims and replies are the same to the letter. The copy keeps the store's
    id and is its next epoch, so nobody takes one for the other once they differ. Either all of it
    is copied or nothing; the source may be in use meanwhile, but what is recorded in it after the
    moment of the copy is not in the copy. ``notice`` is told the facts copied, and all there are.
    Raises StoreNotEmpty.
    """
    with _one_moment(source) as reading, writing(target) as connection:
        if connection.execute(select(books.c.book).limit(1)).first() is not None:
            raise StoreNotEmpty
        # PostgreSQL adds whole numbers up to a decimal.
        total = int(reading.execute(select(func.sum(books.c.position))).scalar() or 0)
        for table in (events, claims, replies, books):
            copied = 0
            with closing(_pages(reading, table)) as pages:
                for page in pages:
                    insert_rows(connection, table, page)
                    copied += len(page)
                    if table is events:
                        notice(copied, total)
        own = store.c.book == ""
        store_id, epoch = reading.execute(select(store.c.id, store.c.epoch).where(own)).one()
        connection.execute(store.delete().where(own))
        connection.execute(insert(store).values(book="", id=store_id, epoch=epoch + 1))
    return StoreIdentity(store_id, epoch + 1)


@contextmanager
def _one_moment(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees the store as it is now, however long it reads."""
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection, connection.begin():
        yield connection


def _pages(
    connection: Connection, table: Table
) -> Generator[Sequence[tuple[object, ...]], None, None]:
    """All rows in the order of their key, some thousands at a time, never all in memory."""
    asked = select(table).order_by(*table.primary_key.columns)
    with connection.execution_options(yield_per=_PAGE).execute(asked) as rows:
        for page in rows.partitions():
            yield [tuple(row) for row in page]
