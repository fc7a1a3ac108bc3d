"""The past is folded once for all who ask, kept while there is room, and fixed while it is read."""

import asyncio
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from projections.engine.live.reader import QueryResult
from projections.engine.time_travel.budget import BudgetSpent
from projections.engine.time_travel.reader import Moment, PastFolding, PastReader
from projections.engine.time_travel.snapshot import Snapshot
from projections.engine.time_travel.stream_views import BookTooLarge, FactsAbout
from projections.engine.turns import TooManyWaiting

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
ROOM = 2**26


def spent(toys):
    def query(connection):
        return connection.execute(select(func.sum(toys.totals.c.spent))).scalar()

    return query


def second(number):
    return Moment(as_of=BEGINNING + timedelta(seconds=number))


@pytest.fixture
def past(shop):
    with PastReader(shop.ledger, shop.definitions, most_facts=100, most_bytes=ROOM) as past:
        yield past


@pytest.fixture
def ask(past, toys):
    def ask(moment, query=None):
        return asyncio.run(past.ask(toys.BOOK, moment, query or spent(toys)))

    return ask


@pytest.fixture
def held_up(monkeypatch):
    """Folds begin and wait until they are let go."""
    go, fold, began = threading.Event(), Snapshot.fold, threading.Semaphore(0)

    def wait_and_fold(views, ledger, upto):
        began.release()
        assert go.wait(20)
        fold(views, ledger, upto)

    monkeypatch.setattr(Snapshot, "fold", wait_and_fold)
    yield began, go
    go.set()


def test_as_of_leaves_out_what_happened_later(shop, ask, toys):
    shop.record(*(toys.paid(amount=10, second=number) for number in (5, 3, 7)))

    assert [ask(second(number)) for number in (2, 3, 4, 5, 7)] == [
        QueryResult(None, 3, 0),
        QueryResult(10, 3, 0),
        QueryResult(10, 3, 0),
        QueryResult(20, 3, 0),
        QueryResult(30, 3, 0),
    ]


def test_it_is_counted_what_was_asked_and_what_it_took(shop, past, ask, toys):
    shop.record(*(toys.paid(amount=10, second=number) for number in (1, 2, 3)))

    for number in (2, 2, 1):
        ask(second(number))
    shop.record(toys.paid(amount=10, second=1))
    ask(second(2))

    counted = past.progress
    assert (counted.questions, counted.hits, counted.folds) == (4, 1, 3)
    # All three for each of two moments, then one more for the first of them.
    assert counted.facts == 3 + 3 + 1
    assert counted.folding_seconds > 0


def test_known_at_leaves_out_what_was_recorded_later(shop, ask, toys):
    moments = []
    for number in range(1, 5):
        shop.record(toys.paid(amount=10, second=-number))
        moments.append(datetime.now(UTC))

    assert [ask(Moment(known_at=moment)) for moment in (BEGINNING, *moments)] == [
        QueryResult(None, 0, 0),
        *(QueryResult(10 * position, position, 0) for position in range(1, 5)),
    ]


def test_both_say_what_had_happened_as_it_was_known(shop, ask, toys):
    shop.record(toys.paid(amount=10, second=1), toys.paid(amount=20, second=9))
    known_at = datetime.now(UTC)
    shop.record(toys.paid(amount=400, second=1))

    assert ask(Moment(second(5).as_of, known_at)) == QueryResult(10, 2, 0)
    assert ask(second(5)) == QueryResult(410, 3, 0)


def test_twenty_who_ask_at_once_wait_for_one_fold(shop, past, toys, held_up):
    shop.record(toys.paid(amount=10))
    _, go = held_up

    async def ask_together():
        asked = [
            asyncio.create_task(past.ask(toys.BOOK, second(5), spent(toys))) for _ in range(20)
        ]
        await asyncio.sleep(0.2)
        go.set()
        return await asyncio.gather(*asked)

    assert asyncio.run(ask_together()) == [QueryResult(10, 1, 0)] * 20
    assert past.folds == 1


def test_who_waits_no_longer_finds_what_went_on_being_folded(shop, past, toys, held_up):
    began, go = held_up
    shop.record(toys.paid(amount=5, second=1))

    async def impatient():
        with pytest.raises(PastFolding):
            await past.ask(toys.BOOK, second(9), spent(toys), wait_seconds=0.01)
        go.set()
        return await past.ask(toys.BOOK, second(9), spent(toys))

    found = asyncio.run(impatient())

    assert found.result == 5
    assert past.folds == 1
    assert began.acquire(timeout=20)


def test_who_asks_during_a_fold_after_a_write_sees_it(shop, past, toys, held_up):
    shop.record(toys.paid(amount=10))
    began, go = held_up

    async def write_between():
        first = asyncio.create_task(past.ask(toys.BOOK, second(5), spent(toys)))
        assert await asyncio.to_thread(began.acquire, timeout=20)
        later = []
        for _ in range(5):
            await asyncio.to_thread(shop.record, toys.paid(amount=10))
            later.append(asyncio.create_task(past.ask(toys.BOOK, second(5), spent(toys))))
            await asyncio.sleep(0.05)
        go.set()
        return await asyncio.gather(first, *later)

    told = asyncio.run(write_between())

    assert told[0] == QueryResult(10, 1, 0)
    assert [one.position >= 2 + place for place, one in enumerate(told[1:])] == [True] * 5
    assert all(one.result == 10 * one.position for one in told)


def test_what_is_kept_goes_on_from_where_it_is(shop, past, ask, toys):
    shop.record(*(toys.paid(amount=10) for _ in range(5)))
    ask(second(5))
    read, reading = [], shop.ledger.read
    shop.ledger.read = lambda book, **asked: read.append(asked["after"]) or reading(book, **asked)

    shop.record(toys.paid(amount=10))

    assert ask(second(5)) == QueryResult(60, 6, 0)
    assert read == [5]
    assert ask(second(5)) == QueryResult(60, 6, 0)
    assert past.folds == 2


def test_a_stream_shows_one_moment_while_the_views_go_on(shop, past, toys):
    shop.record(toys.paid(amount=10))

    def again_and_again(connection):
        for _ in range(4):
            yield spent(toys)(connection)

    async def take():
        async with past.stream(toys.BOOK, second(5), again_and_again) as told:
            taken = [await anext(told.result)]
            await asyncio.to_thread(shop.record, toys.paid(amount=10))
            assert await past.ask(toys.BOOK, second(5), spent(toys)) == QueryResult(20, 2, 0)
            taken += [part async for part in told.result]
        return taken, told.position

    assert asyncio.run(take()) == ([10] * 4, 1)
    assert past.bytes_kept < ROOM


def test_what_was_not_used_for_longest_makes_room_and_is_closed(shop, toys, monkeypatch):
    shop.record(toys.paid(amount=10))
    closed, close = [], Snapshot.close
    monkeypatch.setattr(Snapshot, "close", lambda views: closed.append(views) or close(views))
    one = Snapshot(shop.definitions, toys.BOOK, None)
    one.fold(shop.ledger, 1)
    size = one.size()
    one.close()
    closed.clear()

    with PastReader(shop.ledger, shop.definitions, most_facts=9, most_bytes=3 * size) as past:

        def ask(number):
            return asyncio.run(past.ask(toys.BOOK, second(number), spent(toys)))

        for number in (1, 2, 3, 1, 4):
            assert ask(number) == QueryResult(10, 1, 0)
        assert past.bytes_kept == 3 * size
        assert (past.folds, len(closed)) == (4, 1)
        ask(1)
        ask(3)
        assert past.folds == 4
        ask(2)
        assert (past.folds, len(closed)) == (5, 2)
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            _gone(closed[0])
    assert len(closed) == 5


def _gone(views):
    """Whoever comes to a database in memory after its last connection finds an empty one."""
    connection = views._generation.engine.raw_connection()  # noqa: SLF001 (there is no other way)
    try:
        connection.driver_connection.execute("SELECT * FROM toy_totals")
    finally:
        connection.close()


def test_what_is_being_read_is_not_closed(shop, toys):
    shop.record(toys.paid(amount=10))

    def twice(connection):
        yield spent(toys)(connection)
        yield spent(toys)(connection)

    async def read_on(past):
        async with past.stream(toys.BOOK, second(1), twice) as told:
            taken = [await anext(told.result)]
            for number in (2, 3, 4):
                await past.ask(toys.BOOK, second(number), spent(toys))
            return [*taken, await anext(told.result)]

    with PastReader(shop.ledger, shop.definitions, most_facts=9, most_bytes=1) as past:
        assert asyncio.run(read_on(past)) == [10, 10]
        asyncio.run(past.ask(toys.BOOK, second(5), spent(toys)))
        assert past.folds == 5
        assert past.bytes_kept < ROOM


def test_a_book_with_too_many_facts_is_refused_with_the_limit(shop, ask, toys):
    for _ in range(101):
        shop.record(toys.paid())

    with pytest.raises(BookTooLarge, match=r"more than 100 facts") as refused:
        ask(second(1))

    assert refused.value.limit == 100
    assert ask(Moment(known_at=BEGINNING)) == QueryResult(None, 0, 0)


def test_only_so_many_moments_of_one_organization_wait_to_be_folded(shop, past, toys, held_up):
    shop.record(toys.paid(amount=10))
    _, go = held_up
    most = 16

    async def ask_together():
        asked = [
            asyncio.create_task(past.ask(toys.BOOK, second(number), spent(toys)))
            for number in range(most + 5)
        ]
        async with asyncio.timeout(20):
            while sum(one.done() for one in asked) < 5:  # noqa: ASYNC110 (nobody is told)
                await asyncio.sleep(0.01)
        go.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    told = asyncio.run(ask_together())

    refused = [one for one in told if isinstance(one, TooManyWaiting)]
    assert len(refused) == 5
    assert [one for one in told if one not in refused] == [QueryResult(10, 1, 0)] * most


def test_one_organization_does_not_wait_for_the_past_of_another(shop, past, toys, held_up):
    """However much of it the other one asks for, and however long that takes."""
    shop.record(toys.paid(amount=10))
    shop.record(toys.paid(amount=7), book=toys.OTHER_BOOK)
    began, go = held_up

    async def ask_between():
        many = [
            asyncio.create_task(past.ask(toys.BOOK, second(number), spent(toys)))
            for number in range(10)
        ]
        assert await asyncio.to_thread(began.acquire, timeout=20)
        other = asyncio.create_task(past.ask(toys.OTHER_BOOK, second(5), spent(toys)))
        is_at_work = await asyncio.to_thread(began.acquire, timeout=20)
        folds = past.folds
        go.set()
        await asyncio.gather(*many)
        return is_at_work, folds, (await other).result

    assert asyncio.run(ask_between()) == (True, 2, 7)


def test_nor_does_it_wait_for_what_is_folded_of_a_few_facts(shop, past, toys):
    shop.record(toys.paid(amount=10))
    shop.record(toys.paid(amount=7), book=toys.OTHER_BOOK)
    began, go = threading.Semaphore(0), threading.Event()
    about = QueryResult(FactsAbout([], [1]), 1, 0)

    def slow(connection):
        began.release()
        assert go.wait(20)
        return spent(toys)(connection)

    async def ask_between():
        many = [
            asyncio.create_task(past.ask_about(toys.BOOK, Moment(), about, slow)) for _ in range(6)
        ]
        assert await asyncio.to_thread(began.acquire, timeout=20)
        other = past.ask_about(toys.OTHER_BOOK, Moment(), about, spent(toys))
        try:
            found = (await asyncio.wait_for(other, 20)).result
        finally:
            go.set()
        return found, [each.result for each in await asyncio.gather(*many)]

    assert asyncio.run(ask_between()) == (7, [10] * 6)


def test_who_has_had_enough_folded_has_no_facts_read(shop, toys, monkeypatch):
    shop.record(*(toys.paid(amount=10) for _ in range(10)))
    about = QueryResult(FactsAbout([], range(1, 11)), 10, 0)
    reads = []
    read_at = type(shop.ledger).read_at
    monkeypatch.setattr(
        type(shop.ledger), "read_at", lambda *args: reads.append(1) or read_at(*args)
    )

    with PastReader(
        shop.ledger, shop.definitions, most_facts=100, most_bytes=ROOM, facts_per_minute=5
    ) as past:
        asked = partial(past.ask_about, toys.BOOK, Moment(), about, spent(toys), asker="key_a")
        assert asyncio.run(asked()).result == 100
        with pytest.raises(BudgetSpent):
            asyncio.run(asked())

    assert len(reads) == 1


def test_who_has_had_enough_folded_waits_and_others_do_not(shop, toys):
    """One question may take all there is; what was folded already costs nobody anything."""
    shop.record(*(toys.paid(amount=10) for _ in range(10)))

    with PastReader(
        shop.ledger, shop.definitions, most_facts=100, most_bytes=ROOM, facts_per_minute=12
    ) as past:

        def asked(moment, asker):
            return asyncio.run(past.ask(toys.BOOK, moment, spent(toys), asker=asker)).result

        assert [asked(second(number), "key_a") for number in (1, 2)] == [100, 100]
        with pytest.raises(BudgetSpent) as spent_all:
            asked(second(3), "key_a")
        assert asked(second(1), "key_a") == 100
        assert asked(second(3), "key_b") == 100
        assert asked(second(3), "key_a") == 100
        assert 1 <= spent_all.value.retry_after_seconds <= 40


def test_a_fold_that_failed_is_tried_again_by_who_asks_next(shop, ask, toys, monkeypatch):
    shop.record(toys.paid(amount=10))
    with monkeypatch.context() as broken:
        broken.setattr(shop.ledger, "read", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ask(second(1))

    assert ask(second(1)) == QueryResult(10, 1, 0)


def test_a_fact_that_cannot_be_folded_is_where_the_past_ends_too(shop, ask, toys):
    shop.record(toys.paid(amount=10), toys.paid(till="jammed"), toys.paid(amount=10))

    assert ask(second(1)) == QueryResult(10, 1, 2)
    assert ask(second(1)) == QueryResult(10, 1, 2)


def test_so_is_an_amount_that_no_row_can_hold(shop, ask, toys):
    huge = 2**62
    shop.record(toys.paid(amount=huge), toys.paid(amount=huge - 1), toys.paid(amount=huge))

    assert ask(second(1), lambda db: spent(toys)(db) == 2 * huge - 1) == QueryResult(True, 2, 1)  # noqa: FBT003


def test_an_error_of_the_query_is_the_callers(shop, ask, toys):
    shop.record(toys.paid())

    def wrong(_connection):
        raise LookupError("no such customer")

    with pytest.raises(LookupError):
        ask(second(1), wrong)


def test_books_do_not_see_each_other(shop, past, ask, toys):
    shop.record(toys.paid(amount=10))
    shop.record(toys.paid(amount=500), book=toys.OTHER_BOOK)

    assert ask(second(1)) == QueryResult(10, 1, 0)
    assert asyncio.run(past.ask(toys.OTHER_BOOK, second(1), spent(toys))) == QueryResult(500, 1, 0)
