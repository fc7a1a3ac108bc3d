"""Leases: one process at a time works on a named thing, and one that was replaced learns it."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select
from statement_scope import offences, recorded

from ledger.copying import copy_store
from ledger.database import open_engine, upgrade, writing
from ledger.lease import acquire, confirm, held_among, release, renew
from ledger.schema import leases

BOOK = "org_x/test"
SECONDS = 60


@pytest.fixture
def take(engine):
    def take(holder, *, book=BOOK, name="endpoint", seconds=SECONDS):
        return acquire(engine, book, name, holder, seconds=seconds)

    return take


@pytest.fixture
def holds(engine):
    def holds(lease):
        with writing(engine) as connection:
            return confirm(connection, lease)

    return holds


@pytest.fixture
def pass_a_lease(engine):
    """As if nobody had renewed anything for as long as a lease lasts."""

    def pass_a_lease():
        with writing(engine) as connection:
            earlier = leases.c.expires_at - SECONDS * 1_000_000
            connection.execute(leases.update().values(expires_at=earlier))

    return pass_a_lease


def test_who_comes_first_holds_it_and_nobody_else_does(take, holds):
    first = take("first")

    assert take("second") is None
    assert take("first") is None
    assert holds(first)
    assert not holds(first._replace(holder="second"))


def test_each_thing_of_each_book_has_a_lease_of_its_own(take, holds):
    held = [take("first"), take("second", name="other"), take("third", book="org_y/test")]
    held.append(take("fourth", book=""))

    assert None not in held
    assert all(map(holds, held))


def test_who_looks_sees_which_are_held(engine, take, pass_a_lease):
    released = take("second", book="org_y/test")
    take("first")
    take("third", name="other", book="org_z/test")
    release(engine, released)
    books = [BOOK, "org_y/test", "org_z/test", "org_w/test"]

    assert held_among(engine, books, "endpoint") == {BOOK}
    pass_a_lease()
    assert held_among(engine, books, "endpoint") == set()


def test_a_lease_that_is_over_is_taken_with_a_higher_fence(take, holds, pass_a_lease):
    stopped = take("stopped")
    pass_a_lease()

    heir = take("heir")

    assert heir.fence > stopped.fence
    assert holds(heir)


def test_a_holder_that_stood_still_finds_out_that_it_was_replaced(
    engine, take, holds, pass_a_lease
):
    stopped = take("stopped")
    pass_a_lease()
    heir = take("heir")

    assert not holds(stopped)
    assert not renew(engine, stopped, seconds=SECONDS)
    release(engine, stopped)
    assert holds(heir)
    assert take("third") is None


def test_the_same_holder_with_an_older_fence_may_not_write(take, holds, pass_a_lease):
    before = take("first")
    pass_a_lease()
    now = take("first")

    assert not holds(before)
    assert holds(now)


def test_a_lease_that_is_over_is_its_holders_until_somebody_takes_it(
    engine, take, holds, pass_a_lease
):
    lease = take("first")
    pass_a_lease()

    assert holds(lease)
    assert renew(engine, lease, seconds=SECONDS)
    assert take("second") is None


def test_who_renews_in_time_keeps_it(engine, take, holds, pass_a_lease):
    lease = take("first")
    assert renew(engine, lease, seconds=2 * SECONDS)
    pass_a_lease()

    assert take("second") is None
    assert holds(lease)


def test_who_releases_it_lets_others_take_it_at_once(engine, take, holds):
    first = take("first")

    release(engine, first)

    assert not holds(first)
    assert take("second").fence > first.fence


def test_a_lease_ends_by_itself(take):
    assert take("first", seconds=0.5) is not None
    assert take("second") is None
    time.sleep(0.6)
    assert take("second") is not None


def test_of_those_who_ask_at_once_one_gets_it(take, pass_a_lease):
    crowd = [f"holder {number}" for number in range(8)]
    together = Barrier(len(crowd))

    def ask(holder):
        together.wait()
        return take(holder)

    for fence in (1, 2, 3):
        with ThreadPoolExecutor(len(crowd)) as threads:
            (won,) = [lease for lease in threads.map(ask, crowd) if lease]
        assert won.fence == fence
        pass_a_lease()


def test_two_holders_never_write_at_the_same_time(engine, take, pass_a_lease):
    """One stands still in the middle of what it writes, after its lease is over."""
    stopped = take("stopped")
    pass_a_lease()

    with ThreadPoolExecutor() as threads:
        with writing(engine) as connection:
            assert confirm(connection, stopped)
            asked = threads.submit(take, "heir")
            # On PostgreSQL it is refused at once, on SQLite the one lock is waited for.
            time.sleep(0.3)
            assert not asked.done() or asked.result() is None
            taken = connection.execute(select(leases.c.holder)).scalar_one()
            assert taken == "stopped"

        heir = asked.result() or take("heir")
        assert heir.fence > stopped.fence


def test_a_holder_that_is_writing_renews_its_lease_meanwhile(postgresql_url):
    engine = open_engine(postgresql_url)
    upgrade(engine)
    lease = acquire(engine, BOOK, "endpoint", "first", seconds=SECONDS)

    with writing(engine) as connection:
        assert confirm(connection, lease)
        assert renew(engine, lease, seconds=SECONDS)

    engine.dispose()


def test_who_confirms_while_it_is_taken_waits_and_finds_it_lost(postgresql_url, monkeypatch):
    engine = open_engine(postgresql_url)
    upgrade(engine)
    stopped = acquire(engine, BOOK, "endpoint", "stopped", seconds=0)
    taking, going_on = Barrier(2), Barrier(2)

    def wait_before_the_end(moment, seconds):
        taking.wait(timeout=10)
        going_on.wait(timeout=10)
        return moment + int(seconds * 1_000_000)

    def ask():
        with writing(engine) as connection:
            return confirm(connection, stopped)

    monkeypatch.setattr("ledger.lease.moment_after", wait_before_the_end)
    with ThreadPoolExecutor() as threads:
        heir = threads.submit(acquire, engine, BOOK, "endpoint", "heir", seconds=SECONDS)
        taking.wait(timeout=10)
        confirmed = threads.submit(ask)
        with pytest.raises(TimeoutError):
            confirmed.result(timeout=0.3)
        going_on.wait(timeout=10)

        assert heir.result().holder == "heir"
        assert not confirmed.result()
    engine.dispose()


def test_a_copy_of_a_store_is_held_by_nobody(engine, take, tmp_path):
    take("first")
    elsewhere = open_engine(f"sqlite:///{tmp_path / 'elsewhere' / 'ledger.db'}")
    upgrade(elsewhere)

    copy_store(engine, elsewhere)

    with elsewhere.connect() as connection:
        assert connection.execute(select(leases)).all() == []
    elsewhere.dispose()


def test_on_a_cluster_no_statement_leaves_its_book(cluster_url):
    engine = open_engine(cluster_url)
    with recorded(cluster_url) as sent:
        lease = acquire(engine, BOOK, "endpoint", "first", seconds=0)
        assert renew(engine, lease, seconds=SECONDS)
        assert held_among(engine, [BOOK, "org_y/test"], "endpoint") == {BOOK}
        with writing(engine) as connection:
            assert confirm(connection, lease)
        release(engine, lease)

    assert len(sent) >= 6
    assert offences(sent, alone=True) == {}
    engine.dispose()
