"""Group commit: many callers share a commit, and nobody notices."""

import asyncio
import logging
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from ledger.append import Append, Done, LostRace, NewFact, Replayed
from ledger.chain import Chain
from ledger.database import open_engine
from ledger.errors import LedgerBusy, LedgerClosed, LedgerUnavailable
from ledger.ledger import Ledger

BOOKS = [f"org_{name}/test" for name in "abcde"]


def test_nothing_is_lost_or_doubled_by_many_threads_in_two_processes_worth_of_ledgers(
    ledger, engine, created
):
    def write(worker):
        by = ledger if worker % 2 else neighbour
        for n in range(25):
            outcome = by.append(created(f"pay_{worker}_{n}", book=BOOKS[(worker + n) % 5]))
            assert isinstance(outcome, Done)

    with (
        Ledger(engine, clock=lambda: datetime.now(UTC)) as neighbour,
        ThreadPoolExecutor(16) as threads,
    ):
        list(threads.map(write, range(16)))

    assert sum(ledger.heads().values()) == 16 * 25
    for book in BOOKS:
        facts = ledger.read(book, limit=1000)
        assert [fact.position for fact in facts] == list(range(1, len(facts) + 1))
        assert isinstance(ledger.verify(book), Chain)


def test_of_many_who_want_the_same_version_one_wins(ledger, engine, clock):
    def race(by):
        append = Append(BOOKS[0], (NewFact("pay_1", 1, "x", "{}"),), {"pay_1": 0})
        return by.append(append)

    with Ledger(engine, clock=clock) as neighbour, ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(race, [ledger, neighbour] * 20))

    assert Counter(outcomes) == {Done(1): 1, LostRace("pay_1"): 39}


def test_the_same_key_sent_in_parallel_has_one_effect(ledger, engine, clock, created, reply):
    def send(n):
        by = ledger if n % 2 else neighbour
        return by.append(created(f"pay_{n}", book=BOOKS[0], reply=reply()))

    with Ledger(engine, clock=clock) as neighbour, ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(send, range(40)))

    assert Counter(outcomes) == {Done(1): 1, Replayed(201, '{"n": 1}', 1): 39}
    assert ledger.head(BOOKS[0]) == 1


def test_tasks_are_answered_with_fewer_wakes_than_there_are_tasks(ledger, created):
    async def main():
        loop = asyncio.get_running_loop()
        wakes = 0
        wake = loop.call_soon_threadsafe

        def counted(*call, **more):
            nonlocal wakes
            wakes += 1
            return wake(*call, **more)

        loop.call_soon_threadsafe = counted
        tasks = [ledger.append_async(created(f"pay_{n}", book=BOOKS[0])) for n in range(200)]
        return await asyncio.gather(*tasks), wakes

    outcomes, wakes = asyncio.run(main())

    assert outcomes == [Done(n) for n in range(1, 201)]
    assert wakes < 50


def test_a_task_that_stops_waiting_harms_nobody(ledger, created):
    async def main():
        impatient = asyncio.create_task(ledger.append_async(created("pay_1", book=BOOKS[0])))
        patient = asyncio.create_task(ledger.append_async(created("pay_2", book=BOOKS[0])))
        await asyncio.sleep(0)
        impatient.cancel()
        return await patient

    assert asyncio.run(main()) == Done(2)
    assert ledger.head(BOOKS[0]) == 2


def test_a_loop_that_is_gone_harms_nobody(ledger, created):
    async def leave():
        waiting = asyncio.ensure_future(ledger.append_async(created("pay_1", book=BOOKS[0])))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(leave())

    assert ledger.append(created("pay_2", book=BOOKS[0])) == Done(2)


def test_closing_writes_what_is_waiting_and_then_takes_no_more(engine, clock, created):
    ledger = Ledger(engine, clock=clock)
    ledger.start()
    waiting = [ledger.submit(created(f"pay_{n}", book=BOOKS[0])) for n in range(500)]

    ledger.close()

    assert all(future.done() and isinstance(future.result(), Done) for future in waiting)
    with pytest.raises(LedgerClosed):
        ledger.append(created("pay_500", book=BOOKS[0]))


def test_listeners_hear_of_new_heads_and_may_fail(ledger, created, caplog):
    heard = []
    finished = threading.Event()

    def listen(heads):
        heard.append(heads)
        finished.set()

    ledger.on_commit(lambda _: 1 / 0)
    ledger.on_commit(listen)

    with caplog.at_level(logging.CRITICAL):
        ledger.append(created("pay_1", book=BOOKS[0]))

    assert finished.wait(5)
    assert heard == [{BOOKS[0]: 1}]


def test_an_answer_comes_in_bounded_time_when_there_is_no_store(clock, created, tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'without_tables.db'}")
    with (
        Ledger(engine, clock=clock, retry_seconds=0.1) as ledger,
        pytest.raises(LedgerUnavailable),
    ):
        ledger.append(created("pay_1"))
    engine.dispose()


def test_whoever_waits_behind_a_store_that_is_away_is_told_with_the_others(
    clock, created, tmp_path
):
    engine = open_engine(f"sqlite:///{tmp_path / 'without_tables.db'}")
    began = time.monotonic()
    with Ledger(engine, clock=clock, retry_seconds=0.5) as ledger:
        waiting = [ledger.submit(created(f"pay_{n}")) for n in range(3000)]
        errors = {type(future.exception(timeout=20)) for future in waiting}

    assert errors == {LedgerUnavailable}
    assert time.monotonic() - began < 2 * 0.5 + 2
    engine.dispose()


def test_no_more_wait_than_can_be_served(engine, clock, created, monkeypatch):
    monkeypatch.setattr("ledger.writer._MOST_WAITING", 500)
    appends = [created(f"pay_{n}") for n in range(1_000)]
    with engine.connect() as other, Ledger(engine, clock=clock) as ledger:
        if engine.dialect.name == "sqlite":
            other.execution_options(writing=True).begin()
        else:
            other.execute(text("LOCK TABLE whence.books IN ACCESS EXCLUSIVE MODE"))
        accepted = []
        with pytest.raises(LedgerBusy):
            accepted.extend(ledger.submit(each) for each in appends)
        other.rollback()

        assert {type(future.result(timeout=60)) for future in accepted} == {Done}


def test_recorded_at_never_goes_back_within_a_book(ledger, clock, created):
    ledger.append(created("pay_1", book=BOOKS[0]))
    clock.move(hours=-1)
    ledger.append(created("pay_2", book=BOOKS[0]))
    ledger.append(created("pay_3", book=BOOKS[1]))
    clock.move(hours=2)
    ledger.append(created("pay_4", book=BOOKS[0]))

    recorded = [fact.recorded_at[11:19] for fact in ledger.read(BOOKS[0], limit=9)]
    assert recorded == ["12:00:00", "12:00:00", "13:00:00"]
    assert ledger.read(BOOKS[1], limit=1)[0].recorded_at == "2026-11-23T11:00:00.000000Z"


def test_several_books_are_read_in_one_go_each_after_its_position(ledger, created):
    for n in range(4):
        for book in BOOKS[:3]:
            ledger.append(created(f"pay_{n}", book=book))

    facts = ledger.read_many({BOOKS[1]: 1, BOOKS[0]: 3, "org_z/test": 0}, each=2)

    assert [(fact.book, fact.position) for fact in facts] == [
        (BOOKS[0], 4),
        (BOOKS[1], 2),
        (BOOKS[1], 3),
    ]
    assert ledger.read_many({}, each=3) == []
