"""Several projectors share the books: each passes over those that another holds."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from projections.engine.folding.checkpoints import (
    begin_checkpoints,
    lock_checkpoints,
    read_checkpoints,
)
from projections.engine.generations import fold_and_write as fold_and_write_module
from projections.engine.live.polling import AdaptivePoll

PATIENCE_SECONDS = 20


@pytest.fixture
def database_url(postgresql_url):
    """Only there is anybody to share with."""
    return postgresql_url


def soon(is_so):
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)
    return is_so()


def begin(generation, *books):
    with generation.writing() as connection:
        begin_checkpoints(connection, books)


def test_a_book_that_another_holds_is_passed_over_and_others_go_on(shop, toys):
    generation = shop.begin()
    shop.record(toys.paid("ama", 10))
    shop.record(toys.paid("esi", 5), book=toys.OTHER_BOOK)
    begin(generation, toys.BOOK)
    projector = shop.projector()

    with generation.writing() as other:
        lock_checkpoints(other, [toys.BOOK])
        assert projector.project_once() == 1
        assert (shop.position(), shop.position(toys.OTHER_BOOK)) == (0, 1)

    projector.notify()
    assert projector.project_once() == 1
    assert shop.position() == 1


def test_a_book_that_was_held_is_folded_soon_after_it_is_let_go_without_a_look(shop, toys):
    generation = shop.begin()
    begin(generation, toys.BOOK)
    poll = AdaptivePoll()
    projector = shop.projector(poll=poll)
    shop.ledger.on_commit(projector.notify)
    projector.start()
    assert soon(lambda: poll.seconds_left)

    with generation.writing() as other:
        lock_checkpoints(other, [toys.BOOK])
        poll.looked(60, found=False)
        shop.record(toys.paid("ama", 10))
        time.sleep(0.3)
        assert shop.position() == 0

    assert soon(lambda: shop.position() == 1)


def test_whoever_holds_a_book_and_dies_lets_go_of_it(shop, toys, open_shop):
    generation = shop.begin()
    shop.record(toys.paid("ama", 10))
    begin(generation, toys.BOOK)
    elsewhere = open_shop().serving()
    dying = elsewhere.engine.connect()
    lock_checkpoints(dying, [toys.BOOK])
    session = dying.execute(text("SELECT pg_backend_pid()")).scalar_one()
    projector = shop.projector()
    assert projector.project_once() == 0

    with generation.writing() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:it)"), {"it": session})
    dying.invalidate()

    projector.start()
    assert soon(lambda: shop.position() == 1)


def test_whoever_stands_still_in_the_middle_of_a_batch_is_cut_off(shop, toys, monkeypatch):
    monkeypatch.setattr("ledger.database._STOPPED_SECONDS", 1)
    generation = shop.begin()
    shop.record(toys.paid("ama", 10))
    begin(generation, toys.BOOK)
    lock, stops = fold_and_write_module.lock_checkpoints, [1.5]

    def stopped_once(connection, books):
        found = lock(connection, books)
        if stops:
            time.sleep(stops.pop())
        return found

    monkeypatch.setattr(fold_and_write_module, "lock_checkpoints", stopped_once)
    stopped = shop.projector()
    with ThreadPoolExecutor() as threads:
        standing_still = threads.submit(stopped.project_once)
        assert soon(lambda: not stops)
        heir = shop.projector()
        heir.start()
        assert soon(lambda: shop.position() == 1)
        standing_still.result()

    assert [row[:2] for row in shop.rows(toys.books)] == [(toys.BOOK, 1)]


def test_a_book_begun_by_many_at_once_has_one_checkpoint_and_each_fact_once(shop, toys):
    generation = shop.begin()
    shop.record(*[toys.paid("ama", 1) for _ in range(3)])
    crowd = [shop.projector() for _ in range(6)]
    together = Barrier(len(crowd))

    def project(projector):
        together.wait()
        return projector.project_once()

    with ThreadPoolExecutor(len(crowd)) as threads:
        folded = list(threads.map(project, crowd))
    shop.project()

    assert sum(folded) in {0, 3}
    assert [row[:2] for row in shop.rows(toys.books)] == [(toys.BOOK, 3)]
    with generation.reading() as connection:
        assert read_checkpoints(connection)[toys.BOOK].position == 3


def test_a_running_projector_tries_a_book_that_another_release_parked(shop, toys):
    shop.begin()
    shop.definitions = type(toys.definitions)(
        toys.definitions.metadata, toys.definitions.folds[:1], toys.definitions.derived
    )
    newer = shop.projector(shop.generations.serving(toys.definitions))
    newer.project_once()
    shop.definitions = toys.definitions
    older = shop.projector()
    shop.record(toys.paid("ama", 10, till="jammed"))
    older.project_once()
    assert list(older.progress.parked) == [toys.BOOK]

    newer.notify()

    assert newer.project_once() == 1
    assert newer.progress.parked == {}


def test_a_parked_book_is_tried_once_by_each_projector(shop, toys):
    shop.begin()
    shop.record(toys.paid("ama", 10, till="jammed"))
    projector = shop.project()
    batches = projector.progress.batches

    shop.record(toys.paid("ama", 10))
    for _ in range(3):
        projector.notify()
        assert projector.project_once() == 0

    assert projector.progress.batches == batches
    assert projector.progress.lag == 2


def test_facts_of_other_processes_are_found_however_busy_this_one_is(shop, open_shop, toys):
    shop.begin()
    projector = shop.projector()
    shop.ledger.on_commit(projector.notify)
    projector.start()
    elsewhere = open_shop()
    shop.record(toys.paid())

    elsewhere.record(toys.paid(), book=toys.OTHER_BOOK)

    until = time.monotonic() + PATIENCE_SECONDS
    while shop.position(toys.OTHER_BOOK) == 0 and time.monotonic() < until:
        shop.record(toys.paid())
    assert shop.position(toys.OTHER_BOOK) == 1
