"""The library's own tests of a recorder, run against a book of the ledger."""

from datetime import UTC, datetime
from time import sleep
from uuid import uuid4

import pytest
from eventsourcing.persistence import DataError, EventStore, IntegrityError, StoredEvent
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)
from tables import make_tables

from domain.customer import Customer
from ledger.clock import written
from ledger.database import open_engine
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from ledger.recorder import BookRecorder

BOOK = "org_x/test"


class OverABook:
    recorder: BookRecorder

    def create_recorder(self):
        return self.recorder

    def new_originator_id(self):
        return str(uuid4())

    def record_in(self, url):
        engine = open_engine(url)
        make_tables(engine)
        with Ledger(engine, clock=lambda: datetime.now(UTC)) as ledger:
            self.recorder = BookRecorder(ledger, BOOK)
            yield
        # The library's tests do not wait for their reading threads.
        while engine.pool.checkedout():
            sleep(0.001)
        engine.dispose()


# A unittest class takes no parameters from pytest: hence one for each database.
class OnSQLite(OverABook):
    @pytest.fixture(autouse=True)
    def book(self, sqlite_url):
        yield from self.record_in(sqlite_url)


class OnPostgreSQL(OverABook):
    @pytest.fixture(autouse=True)
    def book(self, postgresql_url):
        yield from self.record_in(postgresql_url)


class Recorder(OverABook, ApplicationRecorderTestCase):
    __test__ = False

    def test_insert_subscribe(self):
        self.optional_test_insert_subscribe()


class TestRecorderOnSQLite(OnSQLite, Recorder):
    __test__ = True


class TestRecorderOnPostgreSQL(OnPostgreSQL, Recorder):
    __test__ = True


class TestNoInterleavingOnSQLite(OnSQLite, NonInterleavingNotificationIDsBaseCase):
    pass


class TestNoInterleavingOnPostgreSQL(OnPostgreSQL, NonInterleavingNotificationIDsBaseCase):
    pass


def test_an_event_store_of_the_library_runs_on_a_book(ledger):
    store = EventStore(FactMapper(), BookRecorder(ledger, BOOK))
    registered = Customer.register("cus_1", email="ama@example.com", now=datetime.now(UTC))

    store.put(registered.collect_events())

    (fact,) = store.get("cus_1")
    assert isinstance(fact, Customer.Registered)
    assert fact.personal["email"] == "ama@example.com"
    assert written(fact.timestamp) == ledger.read(BOOK, limit=1)[0].recorded_at


def test_selecting_events_of_a_stream_can_be_bounded_and_turned_round(ledger):
    recorder = BookRecorder(ledger, BOOK)
    recorder.insert_events([StoredEvent("pay_1", n, "x", b"{}") for n in (1, 2, 3, 4)])

    found = recorder.select_events("pay_1", gt=1, lte=3, desc=True)

    assert [event.originator_version for event in found] == [3, 2]


def test_events_that_skip_a_version_are_refused(ledger):
    recorder = BookRecorder(ledger, BOOK)

    with pytest.raises(IntegrityError):
        recorder.insert_events([StoredEvent("pay_1", n, "x", b"{}") for n in (1, 3)])


def test_a_state_that_is_not_text_is_refused(ledger):
    with pytest.raises(DataError):
        BookRecorder(ledger, BOOK).insert_events([StoredEvent("pay_1", 1, "x", b"\xff\x00")])
