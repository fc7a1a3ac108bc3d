"""What is asked of a projector while it is busy, or fails, is not forgotten."""

import time

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import OperationalError

from ledger.schema import books, events
from projections.engine.folding.checkpoints import checkpoints
from projections.engine.generations import fold_and_write as fold_and_write_module
from projections.engine.generations.registry import Registry
from projections.engine.live import projector as projector_module
from projections.engine.live.polling import AdaptivePoll

PATIENCE_SECONDS = 20


def take_back(shop, generation):
    """Views need not survive a power cut: rows and checkpoints are gone, and nobody told us."""
    with generation.writing() as connection:
        for table in (*shop.definitions.tables, checkpoints):
            connection.execute(delete(table))


def spent(shop, toys):
    return [row[3] for row in shop.rows(toys.totals)]


def fold_all(projector):
    projector.notify()
    while projector.project_once():
        pass


def soon(is_so):
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)
    return is_so()


def away(*_):
    raise OperationalError("SELECT", {}, Exception("the server is away"))


def test_rows_that_a_crash_took_back_are_found_by_the_next_look(shop, toys):
    generation = shop.begin()
    shop.record(toys.paid("ama", 100))
    projector = shop.projector()
    fold_all(projector)

    take_back(shop, generation)
    fold_all(projector)

    assert spent(shop, toys) == [100]


def test_a_book_stays_wanted_when_the_views_cannot_be_written(shop, toys, monkeypatch):
    shop.begin()
    poll = AdaptivePoll()
    projector = shop.projector(poll=poll)
    fold_all(projector)
    poll.looked(60, found=False)
    shop.record(toys.paid("ama", 100))
    projector.notify([toys.BOOK])

    with monkeypatch.context() as patch:
        patch.setattr(fold_and_write_module, "lock_checkpoints", away)
        with pytest.raises(OperationalError):
            projector.project_once()
    assert projector.project_once() == 1

    assert spent(shop, toys) == [100]


def test_a_look_is_made_again_when_the_ledger_cannot_be_read(shop, toys, monkeypatch):
    shop.begin()
    projector = shop.projector()
    fold_all(projector)
    shop.record(toys.paid("ama", 100))
    projector.notify()

    with monkeypatch.context() as patch:
        patch.setattr(projector_module, "projection_lag", away)
        with pytest.raises(OperationalError):
            projector.project_once()
    assert projector.project_once() == 1

    assert spent(shop, toys) == [100]


def test_whoever_waits_for_a_book_has_it_folded_before_the_next_look(shop, toys):
    generation = shop.begin()
    shop.record(toys.paid("ama", 100))
    poll = AdaptivePoll()
    projector = shop.projector(rest_seconds=60, poll=poll)
    projector.start()
    assert soon(lambda: spent(shop, toys) == [100])
    poll.looked(60, found=False)
    take_back(shop, generation)

    projector.prioritize(toys.BOOK)

    assert soon(lambda: spent(shop, toys) == [100])


def test_a_ledger_that_has_lost_its_end_is_believed(shop, toys):
    generation = shop.begin()
    shop.record(toys.paid("ama", 1))
    kept = shop.ledger.read(toys.BOOK, limit=9)
    projector = shop.projector()
    fold_all(projector)
    shop.record(toys.paid("lost", 2), toys.paid("lost", 4))
    fold_all(projector)
    # A standby took over that had the first fact and no other.
    with shop.engine.begin() as connection:
        connection.execute(delete(events).where(events.c.position > 1))
        connection.execute(update(books).values(position=1, digest=kept[-1].digest))
    take_back(shop, generation)

    fold_all(projector)
    assert (projector.progress.lag, spent(shop, toys)) == (1, [1])

    shop.record(toys.paid("esi", 8))
    fold_all(projector)
    assert spent(shop, toys) == [1, 8]


def test_a_book_nobody_has_written_may_be_asked_for(shop):
    shop.begin()
    projector = shop.projector()

    projector.prioritize("nobody/test")

    assert projector.project_once() == 0
    assert projector.progress.lag == 0


def test_an_older_look_does_not_hide_what_a_later_one_found(shop, open_shop, monkeypatch):
    first = shop.begin()
    shop.begin()
    elsewhere, found = open_shop(), Registry.all

    def slow(registry):
        """Before this is answered another generation comes to serve, and that is noticed."""
        monkeypatch.setattr(Registry, "all", found)
        older = found(registry)
        shop.generations.switch(first.number)
        assert elsewhere.serving().number == first.number
        return older

    monkeypatch.setattr(Registry, "all", slow)

    assert elsewhere.serving().number == first.number
    assert elsewhere.serving().number == first.number
