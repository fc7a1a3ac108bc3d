"""A full disk is said at once, and forgotten as soon as there is room again."""

import time

import pytest
from sqlalchemy import Engine, event, text

from ledger.append import Done, NewFact
from ledger.errors import StoreFull
from ledger.ledger import Ledger

# Much longer than a test may take: nobody waits for a disk to become larger.
PATIENCE_SECONDS = 600

_FULL_ON_POSTGRESQL = """
    CREATE FUNCTION whence.full() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_events BEFORE INSERT ON whence.events EXECUTE FUNCTION whence.full();
    CREATE TRIGGER full_replies BEFORE INSERT ON whence.replies EXECUTE FUNCTION whence.full();
"""
_ROOM_ON_POSTGRESQL = "DROP FUNCTION whence.full CASCADE"


class Disk:
    """The room that a database has: pages of SQLite, or whether PostgreSQL says it has some."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pages = 2**30
        if engine.dialect.name == "sqlite":
            event.listen(engine, "begin", self._limit)

    def fill_up(self) -> None:
        self._pages = 1
        self._say(_FULL_ON_POSTGRESQL)

    def get_room(self) -> None:
        self._pages = 2**30
        self._say(_ROOM_ON_POSTGRESQL)

    def _limit(self, connection):
        # Never less than there are already.
        connection.exec_driver_sql(f"PRAGMA max_page_count = {self._pages}")

    def _say(self, statements: str) -> None:
        if self._engine.dialect.name == "postgresql":
            with self._engine.begin() as connection:
                connection.execute(text(statements))


@pytest.fixture
def disk(engine):
    return Disk(engine)


@pytest.fixture
def ledger(engine, clock):
    with Ledger(engine, clock=clock, retry_seconds=PATIENCE_SECONDS) as ledger:
        yield ledger


def large(created, stream):
    """More than fits into the pages that there are."""
    append = created(stream)
    [fact] = append.facts
    data = f'{{"note": "{"-" * 100_000}"}}'
    return type(append)(
        append.book,
        (NewFact(fact.stream, fact.version, fact.topic, data),),
        append.expected,
    )


def test_a_full_disk_is_said_at_once_and_everything_goes_on_when_there_is_room(
    ledger, created, disk
):
    ledger.append(created("pay_1"))
    disk.fill_up()
    began = time.monotonic()

    for _ in range(3):
        with pytest.raises(StoreFull):
            ledger.append(large(created, "pay_2"))
    took = time.monotonic() - began
    disk.get_room()

    assert took < PATIENCE_SECONDS / 2
    assert ledger.append(large(created, "pay_2")) == Done(2)


def test_who_watches_is_told_that_it_is_full_until_it_is_not(ledger, created, disk):
    ledger.append(created("pay_1"))
    disk.fill_up()
    with pytest.raises(StoreFull):
        ledger.append(large(created, "pay_2"))

    for _ in range(2):
        with pytest.raises(StoreFull):
            ledger.must_take_more()
    disk.get_room()
    ledger.must_take_more()
    ledger.must_take_more()

    assert ledger.head("org_x/test") == 1
