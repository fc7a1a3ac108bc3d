"""Copying a store into another database, whole."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

from sqlalchemy import Connection, Engine, Table, func, insert, select, tuple_

from ledger.bulk_statements import insert_rows
from ledger.database import writing
from ledger.distribution import is_distributed
from ledger.reading import StoreIdentity, one_moment
from ledger.schema import (
    books,
    events,
    generations,
    leases,
    maintenance_runs,
    metadata,
    processes,
    store,
)

Notice = Callable[[int, int], None]

_PAGE = 2000

# Leases speak of processes, generations of views elsewhere, and runs of what was done with these.
_NOT_COPIED = (store, leases, processes, generations, maintenance_runs)


class StoreNotEmpty(ValueError):  # noqa: N818 (an answer to the operator, not a fault)
    def __init__(self) -> None:
        super().__init__("the other store holds facts already: copy into an empty one")


def copy_store(
    source: Engine, target: Engine, *, notice: Notice = lambda _facts, _total: None
) -> StoreIdentity:
    """Copies what a store holds at one moment into an upgraded, empty one; its identity there.

    Positions, digests, claims, replies and how far everybody was told are the same to the letter.
    The copy keeps the store's id and is its next epoch, so nobody takes one for the other once they
    differ. Either all of it is copied or nothing; the source may be in use meanwhile, but what is
    recorded in it after the moment of the copy is not in the copy. ``notice`` is told the facts
    copied, and all there are. Of a store that is spread over machines it is one moment for each
    book. Raises StoreNotEmpty.
    """
    # Nobody waits for the copy, and it may wait for the source while that looks for a page.
    patient = target.execution_options(loading=True, unhurried=True)
    with one_moment(source) as reading, writing(patient) as connection:
        if connection.execute(select(books.c.book).limit(1)).first() is not None:
            raise StoreNotEmpty
        # PostgreSQL adds whole numbers up to a decimal.
        positions = select(func.sum(books.c.position)).where(books.c.position >= 0)
        total = int(reading.execute(positions).scalar() or 0)
        for table in (each for each in metadata.sorted_tables if each not in _NOT_COPIED):
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


def _pages(
    connection: Connection, table: Table
) -> Generator[Sequence[tuple[object, ...]], None, None]:
    """All rows in the order of their key, some thousands at a time, never all in memory."""
    if is_distributed(connection):
        yield from _pages_by_book(connection, table)
        return
    query = select(table).order_by(*table.primary_key.columns)
    with connection.execution_options(yield_per=_PAGE).execute(query) as rows:
        for page in rows.partitions():
            yield [tuple(row) for row in page]


def _pages_by_book(
    connection: Connection, table: Table
) -> Generator[Sequence[tuple[object, ...]], None, None]:
    """The same from a cluster, which would gather and sort all there is to answer in one go.

    Each question is about the next rows of one book: the machine that has it reads them off the
    key. Every row stands in a book that has a head.
    """
    page: list[tuple[object, ...]] = []
    for book in connection.execute(select(books.c.book).order_by(books.c.book)).scalars().all():
        for rows in _rows_of(connection, table, book):
            page += rows
            if len(page) >= _PAGE:
                yield page
                page = []
    if page:
        yield page


def _rows_of(
    connection: Connection, table: Table, book: str
) -> Iterator[Sequence[tuple[object, ...]]]:
    leading, *keys = table.primary_key.columns
    query = select(table).where(leading == book).order_by(*keys).limit(_PAGE)
    indexes = [list(table.columns).index(key) for key in keys]
    found = [tuple(row) for row in connection.execute(query)]
    yield found
    while keys and len(found) == _PAGE:
        reached = [found[-1][index] for index in indexes]
        found = [tuple(row) for row in connection.execute(query.where(tuple_(*keys) > reached))]
        yield found
