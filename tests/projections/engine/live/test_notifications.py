"""Processes tell each other what was recorded; nothing depends on it."""

import time
from contextlib import suppress
from queue import Empty, SimpleQueue

import psycopg
import pytest
from structlog.testing import capture_logs

from ledger.database import open_engine, upgrade
from projections.engine.live.lanes import LeasedLanes, lane_of
from projections.engine.live.notifications import Hints

PATIENCE_SECONDS = 20
LEASE_SECONDS = 60


class Process:
    """What one process has for the hints: its own connections, lanes, and ears."""

    def __init__(self, url):
        self.engine = open_engine(url)
        self.lanes = LeasedLanes(self.engine, views="ours", lease_seconds=LEASE_SECONDS)
        self.heard = SimpleQueue()
        self.hints = Hints(self.engine, self.lanes, heard=self.heard.put)

    def tell_until_heard(self, heads, other):
        """What the other hears of these books first; it may not be listening yet."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            self.hints.tell(heads)
            with suppress(Empty):
                while True:
                    heard = other.heard.get(timeout=0.2)
                    if heard.keys() & heads.keys():
                        return heard
        raise AssertionError("nothing was heard")


@pytest.fixture
def two(postgresql_url):
    """Two processes with half of the lanes each."""
    processes = [Process(postgresql_url) for _ in range(2)]
    upgrade(processes[0].engine)
    for each in processes * 3:
        each.lanes.look_after()
    with processes[0].hints, processes[1].hints:
        yield processes
    for each in processes:
        each.engine.dispose()


def books_of(process, count=1):
    names = (f"org_{n}/test" for n in range(100_000))
    own = (name for name in names if lane_of(name) in process.lanes.held)
    return [next(own) for _ in range(count)]


def test_who_folds_a_book_is_told_of_its_new_head(two):
    one, other = two
    (mine,), (theirs,) = books_of(one), books_of(other)

    assert one.tell_until_heard({mine: 7, theirs: 3}, other) == {theirs: 3}
    assert other.tell_until_heard({mine: 8}, one) == {mine: 8}


def test_nobody_is_told_what_nobody_needs(two, postgresql_url):
    one, other = two
    (mine,), (theirs,) = books_of(one), books_of(other)
    one.tell_until_heard({theirs: 1}, other)
    with psycopg.connect(postgresql_url, autocommit=True) as stranger:
        stranger.execute("LISTEN whence_heads")

        one.hints.tell({mine: 5})
        one.hints.tell({theirs: 2})

        told = [hint.payload for hint in stranger.notifies(timeout=20, stop_after=1)]

    assert told == [f'{{"{theirs}":2}}']


def test_nobody_is_told_when_nobody_else_is_alive(postgresql_url):
    one, other = Process(postgresql_url), Process(postgresql_url)
    upgrade(one.engine)
    with one.hints, psycopg.connect(postgresql_url, autocommit=True) as stranger:
        stranger.execute("LISTEN whence_heads")

        one.hints.tell({"org_1/test": 1})
        for each in (one, other) * 3:
            each.lanes.look_after()
        (theirs,) = books_of(other)
        one.hints.tell({theirs: 2})

        told = [hint.payload for hint in stranger.notifies(timeout=20, stop_after=1)]

    assert told == [f'{{"{theirs}":2}}']
    for each in (one, other):
        each.engine.dispose()


def test_more_heads_than_fit_are_told_in_part(two):
    one, other = two
    heads = dict.fromkeys(books_of(other, 400), 1)

    heard = one.tell_until_heard(heads, other)

    assert len(heard) == 100
    assert heard.items() <= heads.items()


def test_who_listens_begins_again_when_its_connection_is_cut(two, postgresql_url):
    one, other = two
    (theirs,) = books_of(other)
    one.tell_until_heard({theirs: 1}, other)

    with psycopg.connect(postgresql_url, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    while not other.heard.empty():
        other.heard.get()

    assert one.tell_until_heard({theirs: 2}, other) == {theirs: 2}


@pytest.mark.parametrize(
    "payload", ["", "{", "[]", "7", '{"org_1/test":"9"}', '{"org_1/test":null}']
)
def test_what_is_no_hint_is_passed_over(two, postgresql_url, payload):
    one, other = two
    (theirs,) = books_of(other)
    one.tell_until_heard({theirs: 1}, other)
    session = listening(postgresql_url)

    with (
        capture_logs() as entries,
        psycopg.connect(postgresql_url, autocommit=True) as stranger,
    ):
        stranger.execute("SELECT pg_notify('whence_heads', %s)", [payload])
        heard = one.tell_until_heard({theirs: 2}, other)

    assert heard == {theirs: 2}
    # Nobody had to begin again, and miss what is told meanwhile.
    assert listening(postgresql_url) == session
    assert {entry["characters"] for entry in entries} == {len(payload)}


def listening(url):
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND query = 'LISTEN whence_heads'"
        )
        return sorted(found.fetchall())
