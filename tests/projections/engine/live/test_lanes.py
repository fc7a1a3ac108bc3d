"""Several projectors share the books: each folds those of its lanes, and no lane has two."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import select

from ledger.database import writing
from ledger.schema import lanes as lane_rows
from ledger.schema import workers
from projections.engine.live import leases
from projections.engine.live.lanes import LANES, EveryLane, LeasedLanes, lane_of

PATIENCE_SECONDS = 20
LEASE_SECONDS = 60


@pytest.fixture
def database_url(postgresql_url):
    """Only there is anybody to share with."""
    return postgresql_url


@pytest.fixture
def worker(engine):
    """Workers that look after their lanes when they are told to, and only then."""
    return lambda: LeasedLanes(engine, views="ours", lease_seconds=LEASE_SECONDS)


@pytest.fixture
def confirmed(engine):
    def confirmed(worker, held, books):
        with writing(engine) as connection:
            return worker.confirm(held, connection, books)

    return confirmed


@pytest.fixture
def pass_a_lease(engine):
    """As if nobody had renewed anything for as long as a lease lasts."""

    def pass_a_lease():
        with writing(engine) as connection:
            for table in (lane_rows, workers):
                earlier = table.c.expires_at - LEASE_SECONDS * 1_000_000
                connection.execute(table.update().values(expires_at=earlier))

    return pass_a_lease


def settled(*crowd):
    """How many lanes each holds, once all have looked often enough."""
    for _ in range(3):
        for each in crowd:
            each.look_after()
    return [len(each.held) for each in crowd]


def test_a_book_belongs_to_one_lane_for_ever(toys):
    assert (lane_of(toys.BOOK), lane_of(toys.OTHER_BOOK)) == (3, 14)
    assert {lane_of(f"org_{n}/live") for n in range(2000)} == set(range(LANES))


def test_who_is_alone_on_sqlite_holds_every_lane_without_asking():
    assert sorted(EveryLane().held) == list(range(LANES))
    assert EveryLane().confirm({}, None, ["one", "other"]) == {"one", "other"}


@pytest.mark.parametrize("count", [1, 2, 3, 8, 70])
def test_workers_hold_equal_shares_and_no_lane_twice(worker, count):
    crowd = [worker() for _ in range(count)]

    sizes = settled(*crowd)

    assert Counter(lane for each in crowd for lane in each.held) == Counter(range(LANES))
    assert max(sizes) - min(sizes) <= 1
    assert {each.others for each in crowd} == {count - 1}


def test_a_release_with_other_views_has_lanes_of_its_own(engine, worker, confirmed, toys):
    ours = worker()
    theirs = LeasedLanes(engine, views="theirs", lease_seconds=LEASE_SECONDS)

    assert settled(ours, theirs) == [LANES, LANES]
    assert (ours.others, theirs.others) == (0, 0)
    assert confirmed(ours, ours.held, [toys.BOOK]) == {toys.BOOK}
    assert confirmed(theirs, theirs.held, [toys.BOOK]) == {toys.BOOK}


def test_a_lease_ends_on_the_clock_of_the_database(worker, engine):
    worker().look_after()

    with engine.connect() as connection:
        ends = set(connection.execute(select(lane_rows.c.expires_at)).scalars())
        now = leases.moment(connection)

    (end,) = ends
    assert now < end <= now + LEASE_SECONDS * 1_000_000


def test_what_a_dead_worker_held_is_taken_when_its_lease_is_over_and_not_before(
    worker, pass_a_lease
):
    dead, heir = worker(), worker()
    settled(dead, heir)
    before = dict(heir.held)

    heir.look_after()
    assert heir.held == before

    pass_a_lease()
    heir.look_after()
    assert sorted(heir.held) == list(range(LANES))
    assert heir.others == 0
    assert all(heir.held[lane] == dead.held[lane] + 1 for lane in dead.held)


def test_who_gives_its_lanes_back_lets_others_take_them_at_once(engine, worker):
    heir = worker()
    with LeasedLanes(engine, views="ours", lease_seconds=LEASE_SECONDS) as leaving:
        assert len(leaving.held) == LANES
        heir.look_after()
        assert heir.held == {}

    assert heir.look_after()
    assert len(heir.held) == LANES
    assert leaving.held == {}


def test_lanes_are_looked_after_while_a_worker_lives(engine):
    def look(*crowd):
        return [len(each.held) for each in crowd]

    def soon(sizes, *crowd):
        until = time.monotonic() + PATIENCE_SECONDS
        while look(*crowd) != sizes and time.monotonic() < until:
            time.sleep(0.02)
        return look(*crowd) == sizes

    with LeasedLanes(engine, views="ours", lease_seconds=1.5) as one:
        with ExitStack() as others:
            crowd = [
                others.enter_context(LeasedLanes(engine, views="ours", lease_seconds=1.5))
                for _ in range(3)
            ]
            assert soon([16, 16, 16, 16], one, *crowd)
            time.sleep(2)
            assert soon([16, 16, 16, 16], one, *crowd)
        assert soon([LANES], one)


def test_a_holder_with_an_old_fence_may_write_nothing(toys, worker, confirmed, pass_a_lease):
    paused, other = worker(), worker()
    paused.look_after()
    old = paused.held
    assert confirmed(paused, old, [toys.BOOK, toys.OTHER_BOOK]) == {toys.BOOK, toys.OTHER_BOOK}

    pass_a_lease()
    other.look_after()
    assert confirmed(paused, old, [toys.BOOK]) == set()
    assert confirmed(other, other.held, [toys.BOOK]) == {toys.BOOK}

    pass_a_lease()
    paused.look_after()
    assert confirmed(paused, old, [toys.BOOK]) == set()
    assert confirmed(paused, paused.held, [toys.BOOK]) == {toys.BOOK}


def test_a_lease_that_is_over_is_the_holders_until_somebody_takes_the_lane(
    toys, worker, confirmed, pass_a_lease
):
    holder = worker()
    holder.look_after()
    pass_a_lease()

    assert confirmed(holder, holder.held, [toys.BOOK]) == {toys.BOOK}


def test_who_confirms_a_lane_while_it_is_taken_waits_and_finds_it_lost(
    toys, engine, worker, confirmed, pass_a_lease
):
    paused, heir = worker(), leases.Worker("ours", "heir")
    paused.look_after()
    pass_a_lease()

    with ThreadPoolExecutor() as threads:
        with writing(engine) as connection:
            now = leases.moment(connection)
            taken = leases.take(connection, heir, LANES, now=now, until=now + 1_000_000)
            asked = threads.submit(confirmed, paused, paused.held, [toys.BOOK])
            with pytest.raises(TimeoutError):
                asked.result(timeout=0.5)

        assert sorted(taken) == list(range(LANES))
        assert asked.result() == set()


def test_who_finds_a_lane_lost_lets_go_of_it(toys, worker, confirmed, pass_a_lease):
    paused, other = worker(), worker()
    paused.look_after()
    pass_a_lease()
    other.look_after()

    confirmed(paused, paused.held, [toys.BOOK])

    assert sorted(paused.held) == [lane for lane in range(LANES) if lane != lane_of(toys.BOOK)]


def test_a_lane_whose_rows_are_being_written_is_renewed_but_not_taken(
    toys, engine, worker, pass_a_lease
):
    holder, other = worker(), worker()
    holder.look_after()

    with writing(engine) as connection:
        assert holder.confirm(holder.held, connection, [toys.BOOK]) == {toys.BOOK}
        pass_a_lease()
        other.look_after()
        holder.look_after()

        assert sorted(other.held) == [lane for lane in range(LANES) if lane != lane_of(toys.BOOK)]
        assert list(holder.held) == [lane_of(toys.BOOK)]


def test_each_projector_folds_the_books_of_its_lanes(shop, toys, worker):
    shop.begin()
    crowd = [worker(), worker()]
    settled(*crowd)
    projectors = [shop.projector(lanes=each) for each in crowd]
    books = [f"org_{n}/test" for n in range(20)]
    for book in books:
        shop.record(toys.paid("ama", 10), toys.paid("esi", 5), book=book)

    folded = [projector.project_once() for projector in projectors]

    own = [[book for book in books if lane_of(book) in each.held] for each in crowd]
    assert folded == [2 * len(own[0]), 2 * len(own[1])]
    assert [sorted(each.progress.checkpoints) for each in projectors] == [
        sorted(own[0]),
        sorted(own[1]),
    ]
    assert [row[:2] for row in shop.rows(toys.books)] == [(book, 2) for book in sorted(books)]


def test_a_paused_projector_writes_nothing_into_lanes_that_have_passed_on(
    shop, toys, worker, pass_a_lease
):
    shop.begin()
    paused, heir = worker(), worker()
    paused.look_after()
    projector = shop.projector(lanes=paused)
    shop.record(toys.paid("ama", 10))

    pass_a_lease()
    heir.look_after()
    assert projector.project_once() == 1
    assert shop.rows(toys.books) == []

    assert shop.projector(lanes=heir).project_once() == 1
    assert [row[:2] for row in shop.rows(toys.books)] == [(toys.BOOK, 1)]
    assert projector.project_once() == 0


def test_a_lane_that_changes_hands_is_gone_on_with_where_it_stands(shop, toys, worker):
    shop.begin()
    first, second = worker(), worker()
    first.look_after()
    before, after = shop.projector(lanes=first), shop.projector(lanes=second)
    shop.record(toys.paid("ama", 10))
    before.project_once()

    settled(first, second)
    shop.record(toys.paid("ama", 10))
    shop.record(toys.paid("ama", 10), book=toys.OTHER_BOOK)
    for projector in (before, after):
        projector.wake()

    assert before.project_once() + after.project_once() == 2
    assert [row[:2] for row in shop.rows(toys.books)] == [(toys.BOOK, 2), (toys.OTHER_BOOK, 1)]


def test_who_takes_a_lane_tries_its_parked_book_again(shop, toys, worker, pass_a_lease):
    shop.begin()
    older, newer = worker(), worker()
    older.look_after()
    shop.record(toys.paid("ama", 10, till="jammed"))
    parking = shop.projector(lanes=older)
    parking.project_once()
    assert list(parking.progress.parked) == [toys.BOOK]
    shop.definitions = type(toys.definitions)(
        toys.definitions.metadata, toys.definitions.folds[:1], toys.definitions.derived
    )
    projector = shop.projector(shop.generations.serving(toys.definitions), lanes=newer)
    projector.project_once()

    pass_a_lease()
    newer.look_after()

    assert projector.project_once() == 1
    assert projector.progress.parked == {}


def test_facts_of_other_processes_are_found_however_busy_this_one_is(shop, open_shop, toys):
    shop.begin()
    projector = shop.projector()
    shop.ledger.on_commit(projector.wake)
    projector.start()
    elsewhere = open_shop()
    shop.record(toys.paid())

    elsewhere.record(toys.paid(), book=toys.OTHER_BOOK)

    until = time.monotonic() + PATIENCE_SECONDS
    while projector.progress.position(toys.OTHER_BOOK) == 0 and time.monotonic() < until:
        shop.record(toys.paid())
    assert projector.progress.position(toys.OTHER_BOOK) == 1


def test_a_batch_whose_process_was_stopped_meanwhile_is_written_afterwards(
    shop, toys, worker, monkeypatch
):
    monkeypatch.setattr("ledger.database._STOPPED_SECONDS", 1)
    shop.begin()
    lanes = Stopped(worker())
    lanes.look_after()
    shop.record(toys.paid("ama", 10))

    assert shop.projector(lanes=lanes).project_once() == 1

    assert lanes.confirmed == 2
    assert [row[:2] for row in shop.rows(toys.books)] == [(toys.BOOK, 1)]


class Stopped:
    """Lanes of a process that is stopped once, in the middle of its first transaction."""

    def __init__(self, lanes):
        self.look_after = lanes.look_after
        self._lanes = lanes
        self.confirmed = 0

    @property
    def held(self):
        return self._lanes.held

    def confirm(self, held, connection, books):
        self.confirmed += 1
        found = self._lanes.confirm(held, connection, books)
        if self.confirmed == 1:
            time.sleep(1.5)
        return found
