"""A query sees everything that was recorded before it was asked."""

import asyncio
import threading
import time

import pytest
from sqlalchemy import func, select

from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.live.reader import QueryResult, Views


def spent(toys):
    def query(connection):
        return connection.execute(select(func.sum(toys.totals.c.spent))).scalar()

    return query


@pytest.fixture
def views(shop):
    with Views(shop.ledger, shop.generations.follow(shop.definitions)) as views:
        yield views


def running(shop, views=None):
    projector = shop.projector()
    if views is not None:
        projector.on_progress(views.notify_progress)
        shop.ledger.on_commit(projector.notify)
    projector.start()
    return projector


def test_a_query_sees_the_write_before_it(shop, views, toys):
    shop.begin()
    running(shop, views)

    async def write_and_ask():
        told = []
        for _ in range(20):
            await asyncio.to_thread(shop.record, toys.paid("ama", 10))
            told.append(await views.ask(toys.BOOK, spent(toys)))
        return told

    told = asyncio.run(write_and_ask())

    assert told == [QueryResult(10 * n, n, 0) for n in range(1, 21)]


def test_many_queries_wait_together(shop, views, toys):
    shop.begin()
    shop.record(toys.paid("ama", 10))

    async def ask_then_fold():
        asked = [asyncio.create_task(views.ask(toys.BOOK, spent(toys))) for _ in range(50)]
        await asyncio.sleep(0.05)
        running(shop, views)
        return await asyncio.gather(*asked)

    assert asyncio.run(ask_then_fold()) == [QueryResult(10, 1, 0)] * 50


def test_a_query_notices_what_another_process_folds(shop, views, open_shop, toys):
    shop.begin()
    elsewhere = open_shop()
    running(elsewhere)
    shop.record(toys.paid("ama", 10))

    assert asyncio.run(views.ask(toys.BOOK, spent(toys))) == QueryResult(10, 1, 0)


def test_after_its_patience_a_query_answers_with_what_there_is(shop, views, toys):
    shop.begin()
    shop.record(toys.paid("ama", 10))
    shop.project()
    shop.record(toys.paid("ama", 10), toys.paid("ama", 10))

    told = asyncio.run(views.ask(toys.BOOK, spent(toys), wait_seconds=0.1))

    assert told == QueryResult(10, 1, 2)


def test_a_parked_book_answers_at_once(shop, views, toys):
    shop.begin()
    shop.record(toys.paid("ama", 10), toys.from_the_future())
    shop.project()
    began = time.monotonic()

    told = asyncio.run(views.ask(toys.BOOK, spent(toys), wait_seconds=30))

    assert told == QueryResult(10, 1, 1)
    assert time.monotonic() - began < 5


def test_a_book_never_written_has_nothing_to_wait_for(shop, views, toys):
    shop.begin()

    assert asyncio.run(views.ask(toys.BOOK, spent(toys))) == QueryResult(None, 0, 0)


def test_without_a_generation_the_views_are_rebuilding(views, toys):
    with pytest.raises(ViewsRebuilding):
        asyncio.run(views.ask(toys.BOOK, spent(toys)))


def test_an_error_of_the_query_is_the_callers(shop, views, toys):
    shop.begin()

    def wrong(_connection):
        raise LookupError("no such customer")

    with pytest.raises(LookupError):
        asyncio.run(views.ask(toys.BOOK, wrong))


def test_who_stops_waiting_is_forgotten(shop, views, toys):
    shop.begin()
    shop.record(toys.paid())

    async def give_up():
        asked = asyncio.create_task(views.ask(toys.BOOK, spent(toys), wait_seconds=30))
        await asyncio.sleep(0.05)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(give_up())

    assert views.waiting == 0


def test_a_stream_is_read_as_it_is_taken_and_shows_one_moment(shop, views, toys):
    shop.begin()
    running(shop, views)
    shop.record(toys.paid("ama", 10))
    read = []

    def again_and_again(connection):
        for _ in range(5):
            read.append(spent(toys)(connection))
            yield read[-1]

    async def take():
        async with views.stream(toys.BOOK, again_and_again) as told:
            taken = [await anext(told.result)]
            read_by_then = len(read)
            await asyncio.to_thread(shop.record, toys.paid("ama", 10))
            # The write is folded and told to others while the stream goes on.
            assert (await views.ask(toys.BOOK, spent(toys))).result == 20
            taken += [part async for part in told.result]
        return read_by_then, taken, told.position

    assert asyncio.run(take()) == (1, [10] * 5, 1)


def test_an_organization_has_so_many_streams_open_and_leaves_room_for_others(shop, views, toys):
    shop.begin()
    opened = []

    async def hold(book, leave):
        async with views.stream(book, lambda _connection: iter(())):
            opened.append(book)
            await leave.wait()

    async def others_of_one_then_another():
        leave = [asyncio.Event() for _ in range(4)]
        holding = [asyncio.create_task(hold(toys.BOOK, event)) for event in leave]
        await _until(lambda: len(opened) == 2)
        last = asyncio.Event()
        another = asyncio.create_task(hold(toys.OTHER_BOOK, last))
        await _until(lambda: toys.OTHER_BOOK in opened)
        # Others ask on, meanwhile.
        await views.ask(toys.BOOK, spent(toys))
        before = opened.count(toys.BOOK)
        leave[0].set()
        await _until(lambda: opened.count(toys.BOOK) == 3)
        for event in (*leave, last):
            event.set()
        await asyncio.gather(*holding, another)
        return before, opened.count(toys.BOOK)

    assert asyncio.run(others_of_one_then_another()) == (2, 4)


def test_who_asks_one_thing_does_not_wait_for_all_that_another_organization_asks(shop, toys):
    generation = shop.begin()
    asked, begun, go = 20, [], threading.Event()

    def slowly(whose):
        def query(_connection):
            begun.append(whose)
            assert go.wait(20)

        return query

    async def ask_after_many(views):
        many = [asyncio.create_task(views.ask(toys.BOOK, slowly("a"))) for _ in range(asked)]
        await _until(lambda: begun)
        one = asyncio.create_task(views.ask(toys.OTHER_BOOK, slowly("b")))
        await asyncio.sleep(0.05)
        go.set()
        await asyncio.gather(*many, one)

    with Views(shop.ledger, lambda: generation, threads=1) as views:
        asyncio.run(ask_after_many(views))

    assert begun == ["a", "b", *["a"] * (asked - 1)]


def test_an_error_of_a_stream_ends_its_transaction(shop, views, toys):
    generation = shop.begin()

    def broken(_connection):
        yield 1
        raise LookupError("no such customer")

    async def take():
        async with views.stream(toys.BOOK, broken) as told:
            return [part async for part in told.result]

    with pytest.raises(LookupError):
        asyncio.run(take())
    assert generation.reading_engine.pool.checkedout() == 0


def test_a_query_that_waits_ends_the_rest_of_the_projector(shop, toys):
    shop.begin()
    projector = shop.projector(rest_seconds=60)
    following = shop.generations.follow(shop.definitions)

    async def write_and_ask(views):
        told = []
        for _ in range(5):
            await asyncio.to_thread(shop.record, toys.paid("ama", 10))
            told.append(await views.ask(toys.BOOK, spent(toys), wait_seconds=30))
        return told

    with Views(shop.ledger, following, prioritize=projector.prioritize) as views:
        projector.on_progress(views.notify_progress)
        shop.ledger.on_commit(projector.notify)
        projector.start()
        told = asyncio.run(write_and_ask(views))

    assert told == [QueryResult(10 * n, n, 0) for n in range(1, 6)]


async def _until(holds):
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 (nobody is told)
            await asyncio.sleep(0.01)
