"""Several questions are answered from one state of the views."""

import asyncio
import threading

import pytest
from sqlalchemy import func, select

from projections.engine.live.one_moment import OneMoment
from projections.engine.live.reader import QueryResult, Views


@pytest.fixture
def views(shop):
    with Views(shop.ledger, shop.generations.follow(shop.definitions)) as views:
        yield views


def spent(toys):
    def query(connection):
        return connection.execute(select(func.sum(toys.totals.c.spent))).scalar()

    return query


@pytest.fixture
def pay(shop, toys):
    shop.begin()

    def record_and_fold(amount):
        shop.record(toys.paid("ama", amount))
        shop.project()

    return record_and_fold


def test_what_is_asked_later_misses_what_was_recorded_meanwhile(views, pay, toys):
    pay(10)

    async def ask_twice():
        async with OneMoment(views, toys.BOOK) as moment:
            before = await moment.ask(toys.BOOK, spent(toys))
            await asyncio.to_thread(pay, 5)
            return before, await moment.ask(toys.BOOK, spent(toys))

    assert asyncio.run(ask_twice()) == (QueryResult(10, 1, 0), QueryResult(10, 1, 0))


def test_once_it_is_let_go_the_next_question_shows_what_was_recorded(views, pay, toys):
    pay(10)

    async def ask_twice():
        async with OneMoment(views, toys.BOOK) as moment:
            await moment.ask(toys.BOOK, spent(toys))
            await asyncio.to_thread(pay, 5)
            await moment.let_go()
            return await moment.ask(toys.BOOK, spent(toys))

    assert asyncio.run(ask_twice()) == QueryResult(15, 2, 0)


def test_many_who_ask_at_once_are_told_the_same(views, pay, toys):
    pay(10)

    async def ask_at_once():
        async with OneMoment(views, toys.BOOK) as moment:
            return await asyncio.gather(*(moment.ask(toys.BOOK, spent(toys)) for _ in range(20)))

    assert asyncio.run(ask_at_once()) == [QueryResult(10, 1, 0)] * 20


def test_who_stops_waiting_leaves_the_moment_to_the_others(views, pay, toys):
    pay(10)
    begun, may_end = threading.Event(), threading.Event()

    def long(_connection):
        begun.set()
        may_end.wait()

    async def give_up_and_ask():
        async with OneMoment(views, toys.BOOK) as moment:
            impatient = asyncio.create_task(moment.ask(toys.BOOK, long))
            await asyncio.to_thread(begun.wait)
            impatient.cancel()
            asked = asyncio.create_task(moment.ask(toys.BOOK, spent(toys)))
            await asyncio.wait({impatient})
            may_end.set()
            return await asked

    assert asyncio.run(give_up_and_ask()) == QueryResult(10, 1, 0)


def test_another_book_is_asked_as_ever(views, pay, toys):
    pay(10)

    async def ask_both():
        async with OneMoment(views, toys.BOOK) as moment:
            mine = await moment.ask(toys.BOOK, lambda _: "mine")
            return mine, await moment.ask(toys.OTHER_BOOK, lambda _: "another's")

    assert asyncio.run(ask_both()) == (QueryResult("mine", 1, 0), QueryResult("another's", 0, 0))


def test_so_many_moments_are_held_at_once_and_the_others_wait(views, pay, toys):
    pay(10)

    async def ask_in_many_moments():
        async def ask():
            async with OneMoment(views, toys.BOOK) as moment:
                return await moment.ask(toys.BOOK, spent(toys))

        return await asyncio.gather(*(ask() for _ in range(50)))

    assert asyncio.run(ask_in_many_moments()) == [QueryResult(10, 1, 0)] * 50
