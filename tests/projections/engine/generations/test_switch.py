"""Generations change places: nothing that was shown is taken back, no lost build comes back."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import delete, func, select, update

from ledger.schema import books, events
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import (
    Generations,
    GenerationServes,
    NoSuchGeneration,
)
from projections.engine.live.reader import Views
from projections.engine.rebuilding.rebuild import (
    OtherFacts,
    clear_abandoned,
    ensure_views,
    rebuild,
    switch,
)
from projections.engine.rebuilding.verify import verify


def switched(shop, number):
    return switch(shop.ledger, shop.generations, shop.mapper, shop.definitions, number)


def payments(toys):
    return lambda connection: connection.execute(select(func.sum(toys.totals.c.payments))).scalar()


def test_a_kept_generation_catches_up_before_it_serves(shop, toys):
    kept = shop.begin()
    shop.begin()
    shop.record(toys.paid("ama", 1), toys.paid("esi", 2))
    shop.project()

    done = switched(shop, kept.number)

    assert (done.number, done.facts) == (kept.number, 2)
    assert shop.serving().number == kept.number
    assert [row[3] for row in shop.rows(toys.totals, kept)] == [1, 2]


def test_what_is_recorded_until_everybody_has_noticed_the_switch_is_folded(shop, toys, monkeypatch):
    monkeypatch.setattr(Generations, "noticed_seconds", 0.5)
    first, second = shop.begin(), shop.begin()

    def record_once_it_serves():
        while shop.generations.list()[0].state != "serving":
            time.sleep(0.01)
        shop.record(toys.paid("late"))

    late = threading.Thread(target=record_once_it_serves)
    late.start()
    switched(shop, first.number)
    late.join()

    assert [row[1] for row in shop.rows(toys.totals, first)] == ["late"]
    assert shop.rows(toys.totals, second) == []


def test_a_switch_does_not_wait_for_the_end_of_the_writing(shop, toys):
    shop.begin()
    shop.record(toys.paid())
    enough = threading.Event()

    def write_on():
        for _ in range(30_000):
            if enough.is_set():
                return
            shop.record(toys.paid())
        raise RuntimeError("the switch never came")

    with ThreadPoolExecutor() as writers:
        writing = writers.submit(write_on)
        done = rebuild(shop.ledger, shop.generations, shop.mapper, shop.definitions)
        enough.set()
        writing.result()

    assert shop.serving().number == done.number


def test_a_generation_of_another_history_may_not_serve(shop, toys):
    shop.record(toys.paid("ama"), toys.paid("forgotten"))
    kept = shop.begin()
    shop.project()
    serving = shop.begin()
    with shop.engine.begin() as connection:
        [first] = shop.ledger.read(toys.BOOK, limit=1)
        connection.execute(delete(events).where(events.c.position > 1))
        connection.execute(update(books).values(position=1, digest=first.digest))

    with pytest.raises(OtherFacts):
        switched(shop, kept.number)

    assert shop.serving().number == serving.number


def views_of(shop):
    whole_ones = partial(shop.generations.whole_ones, shop.definitions)
    return Views(shop.ledger, lambda: whole_ones()[0], whole_ones=whole_ones)


def told_at_once(views, toys):
    return asyncio.run(views.ask(toys.BOOK, payments(toys), wait_seconds=0))


def test_who_can_wait_no_longer_is_told_the_most_that_anybody_was_told(shop, open_shop, toys):
    first, second = shop.begin(), shop.begin()
    elsewhere = open_shop()
    shop.record(toys.paid(), toys.paid())
    shop.project(second)

    def ask():
        return told_at_once(views, toys)

    with views_of(elsewhere) as views:
        before = ask()
        shop.generations.switch(first.number)
        after = ask()
        shop.record(toys.paid())
        shop.project(first)
        later = ask()

    assert (before.result, before.position, before.behind) == (2, 2, 0)
    assert after == before
    assert (later.result, later.position, later.behind) == (3, 3, 0)


def test_nobody_is_told_less_than_another_process_told_of_views_it_never_saw_serve(
    shop, open_shop, toys
):
    first = shop.begin()
    shop.record(toys.paid())
    shop.project()
    with views_of(open_shop()) as stood_still, views_of(shop) as views:
        told_at_once(stood_still, toys)
        shop.begin()
        shop.record(toys.paid())
        shop.project()
        told = told_at_once(views, toys)
        shop.generations.switch(first.number)

        told_later = told_at_once(stood_still, toys)
        with views_of(open_shop()) as started_later:
            told_first = told_at_once(started_later, toys)

    assert told.position == 2
    assert told_later == told_first == told


def test_of_what_is_kept_only_views_of_this_history_are_read(shop, toys):
    shop.record(toys.paid("ama"), toys.paid("forgotten"))
    kept = shop.begin()
    shop.project()
    shop.begin()
    with shop.engine.begin() as connection:
        connection.execute(update(events).where(events.c.position == 2).values(digest=b"another"))

    with views_of(shop) as views:
        told = told_at_once(views, toys)
        shop.project()
        told_later = told_at_once(views, toys)

    assert (told.position, told.behind) == (0, 2)
    assert (told_later.position, told_later.behind) == (2, 0)
    assert kept.number != shop.serving().number


def test_kept_views_that_are_taken_away_are_missed_by_nobody(shop, open_shop, toys):
    kept = shop.begin()
    shop.begin()
    whole_ones = shop.generations.whole_ones(shop.definitions)
    shop.record(toys.paid())
    open_shop().generations.drop(kept.number)

    with Views(shop.ledger, shop.serving, whole_ones=lambda: whole_ones) as views:
        told = told_at_once(views, toys)

    assert kept in whole_ones
    assert (told.position, told.behind) == (0, 1)


def test_a_build_that_was_given_up_neither_shows_a_heartbeat_nor_serves(shop):
    live = shop.begin()
    half = shop.generations.begin(shop.definitions)
    shop.generations.abandon(half.number)

    shop.generations.note(half.number, 1, 2, 3)
    with pytest.raises(NoSuchGeneration):
        shop.generations.finish(half.number)

    assert [each.number for each in shop.generations.list()] == [live.number]


def test_a_build_that_is_interrupted_as_it_begins_leaves_nothing(shop, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Generation, "create", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shop.generations.begin(shop.definitions)

    assert shop.generations.list() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_builder_whose_build_was_dropped_leaves_no_file_behind(shop, open_shop):
    half = shop.generations.begin(shop.definitions)
    open_shop().generations.drop(half.number)
    half.close()
    half.create(shop.definitions)

    shop.generations.abandon(half.number)

    assert not half.path.exists()


def test_what_serves_is_not_given_up_as_a_build(shop, toys):
    generation = shop.begin()

    shop.generations.abandon(generation.number)

    assert shop.rows(toys.totals) == []


def test_a_generation_is_discarded_unless_it_serves(shop):
    kept, serving = shop.begin(), shop.begin()

    shop.generations.discard(kept.number)
    with pytest.raises(GenerationServes):
        shop.generations.discard(serving.number)
    with pytest.raises(NoSuchGeneration):
        shop.generations.discard(kept.number)

    assert [each.number for each in shop.generations.list()] == [serving.number]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_room_of_views_that_another_process_dropped_is_given_back(shop, open_shop, toys):
    first, _ = shop.begin(), shop.begin()
    elsewhere = open_shop()
    there = elsewhere.generations.whole(first.number, shop.definitions)
    elsewhere.rows(toys.totals, there)

    shop.generations.drop(first.number)
    elsewhere.generations.list()

    assert there.engine.pool.checkedin() == 0


def test_a_verification_in_progress_is_not_taken_for_an_abandoned_build(shop, toys):
    shop.record(toys.paid("ama", 1))
    shop.begin()
    shop.project()
    clearing = threading.Thread(target=clear_abandoned, args=(shop.generations, shop.definitions))

    def clear_meanwhile(_facts):
        clearing.start()
        clearing.join()

    report = verify(
        shop.ledger, shop.generations, shop.mapper, shop.definitions, count=clear_meanwhile
    )

    assert report.is_sound


def test_a_process_that_ends_gives_up_what_it_was_building(shop, toys):
    shop.record(toys.paid())
    closing = threading.Event()

    ensure_views(
        shop.ledger,
        shop.generations,
        shop.mapper,
        shop.definitions,
        notice=lambda _: closing.set(),
        closing=closing,
    )
    nothing_yet = shop.generations.list()
    ensure_views(shop.ledger, shop.generations, shop.mapper, shop.definitions)

    assert nothing_yet == []
    assert [each.state for each in shop.generations.list()] == ["serving"]
