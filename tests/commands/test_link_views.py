"""Views of links: few facts for many looks, and none of the looks forgotten."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from tables import make_tables

from commands.link_views import LinkViews, summing_up
from ledger.database import open_engine
from ledger.ledger import Ledger

pytestmark = pytest.mark.anyio

SUMMER, WINTER = "pl_01kar3v0x0000000000000000a", "pl_01kar3v0x0000000000000000b"
BOOK = "org_01kar3v0x00000000000000001/test"


class Clock:
    """A clock that only a test winds."""

    def __init__(self):
        self.now = datetime(2026, 6, 15, 12, tzinfo=UTC)

    def __call__(self):
        return self.now

    def pass_by(self, **span):
        self.now += timedelta(**span)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def views(ledger, clock):
    return LinkViews(ledger, clock=clock)


@pytest.fixture
def recorded(ledger):
    def recorded(link_id=SUMMER):
        facts = [json.loads(fact.data) for fact in ledger.read(BOOK, limit=1000)]
        return [fact["count"] for fact in facts if fact["link_id"] == link_id]

    return recorded


async def look(views, times=1, link_id=SUMMER):
    for _ in range(times):
        await views.count(BOOK, link_id)


async def test_the_first_look_is_recorded_as_it_happens(views, recorded):
    await look(views)

    assert recorded() == [1]


async def test_the_looks_of_the_minute_after_it_are_one_fact(views, clock, recorded):
    await look(views, 30)
    await asyncio.to_thread(views.record_due)
    before = recorded()

    clock.pass_by(seconds=60)
    await asyncio.to_thread(views.record_due)

    assert (before, recorded()) == ([1], [1, 29])


async def test_a_link_has_one_fact_a_minute_however_often_it_is_looked_at(views, clock, recorded):
    for _ in range(600):
        await look(views, 3)
        clock.pass_by(seconds=1)
        await asyncio.to_thread(views.record_due)

    clock.pass_by(seconds=60)
    await asyncio.to_thread(views.record_due)

    assert len(recorded()) == 11
    assert sum(recorded()) == 1800


async def test_a_look_after_a_minute_takes_those_before_it_along(views, clock, recorded):
    await look(views, 5)

    clock.pass_by(seconds=90)
    await look(views)

    assert recorded() == [1, 5]


async def test_each_link_is_counted_by_itself(views, recorded):
    await look(views, 3, SUMMER)
    await look(views, 2, WINTER)

    await asyncio.to_thread(views.record_all)

    assert (recorded(SUMMER), recorded(WINTER)) == ([1, 2], [1, 1])


async def test_it_is_told_when_the_last_of_them_was(views, clock, ledger):
    await look(views)
    clock.pass_by(seconds=20)
    await look(views)

    clock.pass_by(hours=1)
    await asyncio.to_thread(views.record_due)

    *_, last = ledger.read(BOOK, limit=10)
    assert json.loads(last.data)["occurred_at"] == "2026-06-15T12:00:20.000000Z"


async def test_a_clock_that_is_set_back_keeps_nobody_waiting(views, clock, recorded):
    await look(views, 2)

    clock.pass_by(hours=-1)
    await asyncio.to_thread(views.record_due)

    assert recorded() == [1, 1]


async def test_what_there_is_no_room_for_is_recorded_at_once(ledger, clock, recorded):
    views = LinkViews(ledger, clock=clock, most_links=1)
    await look(views, 2, SUMMER)

    await look(views, 2, WINTER)

    assert (recorded(SUMMER), recorded(WINTER)) == ([1], [1, 1])


async def test_a_link_nobody_looks_at_any_more_makes_room_for_another(ledger, clock, recorded):
    views = LinkViews(ledger, clock=clock, most_links=1)
    await look(views, 1, SUMMER)
    clock.pass_by(seconds=60)
    await asyncio.to_thread(views.record_due)

    await look(views, 2, WINTER)

    assert recorded(WINTER) == [1]


async def test_what_the_store_does_not_take_is_recorded_when_it_is_there_again(clock, tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'without_tables.db'}")
    with Ledger(engine, clock=clock, retry_seconds=0.1) as ledger:
        views = LinkViews(ledger, clock=clock)
        await look(views, 2)
        clock.pass_by(seconds=60)
        await asyncio.to_thread(views.record_due)
        make_tables(engine)

        clock.pass_by(seconds=60)
        await asyncio.to_thread(views.record_due)

        counts = [json.loads(fact.data)["count"] for fact in ledger.read(BOOK, limit=10)]
    engine.dispose()
    assert counts == [2]


async def test_a_ledger_that_is_closed_fails_nobody_who_looks(ledger, clock):
    views = LinkViews(ledger, clock=clock)
    ledger.close()

    await look(views, 2)
    await asyncio.to_thread(views.record_all)


async def test_what_is_left_when_the_service_stops_is_recorded(ledger, clock, recorded):
    def serve():
        with summing_up(ledger, clock=clock) as views:
            asyncio.run(look(views, 3))

    await asyncio.to_thread(serve)

    assert recorded() == [1, 2]


async def test_what_is_due_is_recorded_though_nobody_asks(ledger, clock, recorded):
    with summing_up(ledger, clock=clock, every_seconds=0.01) as views:
        await look(views, 3)
        clock.pass_by(seconds=60)
        async with asyncio.timeout(20):
            while recorded() != [1, 2]:  # noqa: ASYNC110 (its thread tells nobody)
                await asyncio.sleep(0.01)
