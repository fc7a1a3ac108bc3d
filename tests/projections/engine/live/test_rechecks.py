"""What is asked of a thread while it is busy, or fails, is not forgotten; nothing older wins."""

import threading
import time
from math import inf

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import OperationalError

from ledger.schema import books, events
from projections.engine.folding.checkpoints import checkpoints, standing
from projections.engine.generations.registry import Registry
from projections.engine.live import projector as projector_module
from projections.engine.live.progress import Progress
from projections.engine.live.projector import Projector

PATIENCE_SECONDS = 20


def take_back(shop, generation):
    """Views need not survive a power cut: rows and checkpoints are gone, and nobody told us."""
    with generation.writing() as connection:
        for table in (*shop.definitions.tables, checkpoints):
            connection.execute(delete(table))


def spent(shop, toys):
    return [row[3] for row in shop.rows(toys.totals)]


def fold_all(projector):
    while projector.project_once():
        pass


def test_a_doubt_is_kept_when_the_views_cannot_be_read(shop, toys, monkeypatch):
    generation = shop.begin()
    shop.record(toys.paid("ama", 100))
    projector = shop.projector()
    fold_all(projector)
    take_back(shop, generation)
    projector.doubt()

    with monkeypatch.context() as patch:
        patch.setattr(projector_module, "standing", away)
        with pytest.raises(OperationalError):
            projector.project_once()
    fold_all(projector)

    assert spent(shop, toys) == [100]


def away(*_):
    raise OperationalError("SELECT", {}, Exception("the server is away"))


def test_a_look_is_kept_when_the_ledger_cannot_be_read(shop, toys, monkeypatch):
    shop.begin()
    projector = shop.projector()
    fold_all(projector)
    shop.record(toys.paid("ama", 100))
    projector.wake()

    with monkeypatch.context() as patch:
        patch.setattr(shop.ledger, "heads", away)
        with pytest.raises(OperationalError):
            projector.project_once()
    fold_all(projector)

    assert spent(shop, toys) == [100]


def test_a_doubt_that_comes_while_another_is_answered_is_answered_too(shop, toys, monkeypatch):
    generation = shop.begin()
    shop.record(toys.paid("ama", 100))
    projector = shop.projector()
    fold_all(projector)

    def crash_after(connection, wanted=None):
        found = standing(connection, wanted)
        crashed.set()
        projector.doubt()
        return found

    crashed = threading.Event()
    projector.doubt()
    with monkeypatch.context() as patch:
        patch.setattr(projector_module, "standing", crash_after)
        assert projector.project_once() == 0
    assert crashed.is_set()
    take_back(shop, generation)
    fold_all(projector)

    assert spent(shop, toys) == [100]


def test_who_hurries_is_not_forgotten_when_it_is_too_early_for_a_doubt(shop, toys, monkeypatch):
    generation = shop.begin()
    shop.record(toys.paid("ama", 100))
    rounds = []

    def serving():
        rounds.append(generation)
        return generation

    projector = Projector(shop.ledger, serving, shop.mapper, shop.definitions)
    shop.opened.append(projector)
    fold_all(projector)
    take_back(shop, generation)
    monkeypatch.setattr(projector_module, "_DOUBT_EVERY_SECONDS", inf)
    projector.start()
    projector.hurry()
    before = len(rounds)
    assert soon(lambda: len(rounds) > before + 2)
    assert spent(shop, toys) == []

    monkeypatch.setattr(projector_module, "_DOUBT_EVERY_SECONDS", 0)

    assert soon(lambda: spent(shop, toys) == [100])


def soon(is_so):
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)
    return is_so()


def test_a_ledger_that_has_lost_its_end_is_believed(shop, toys):
    generation = shop.begin()
    shop.record(toys.paid("ama", 1))
    kept = shop.ledger.read(toys.BOOK, limit=9)
    projector = shop.projector()
    fold_all(projector)
    shop.record(toys.paid("lost", 2), toys.paid("lost", 4))
    projector.wake()
    fold_all(projector)
    # A standby took over that had the first fact and no other.
    with shop.engine.begin() as connection:
        connection.execute(delete(events).where(events.c.position > 1))
        connection.execute(update(books).values(position=1, digest=kept[-1].digest))
    take_back(shop, generation)

    projector.doubt()
    fold_all(projector)
    assert projector.progress.heads == {toys.BOOK: 1}
    assert (projector.progress.lag, spent(shop, toys)) == (0, [1])

    projector.wake({toys.BOOK: shop.record(toys.paid("esi", 8))})
    assert projector.project_once() == 1
    assert spent(shop, toys) == [1, 8]


def test_a_hint_of_a_head_that_never_was_is_forgotten_by_the_next_look(shop, toys):
    shop.begin()
    shop.record(toys.paid("ama", 1))
    projector = shop.projector()
    fold_all(projector)

    projector.wake({toys.BOOK: 10**18, "nobody/test": 1})
    projector.wake()
    fold_all(projector)

    assert projector.progress.heads == {toys.BOOK: 1}


def test_what_is_told_while_heads_are_looked_up_is_not_lost():
    progress = Progress(heads={"a": 9, "b": 1})

    def find():
        # Read before these were recorded.
        found = {"a": 2, "b": 1}
        progress.learn({"a": 3, "b": 2, "c": 1})
        return found

    assert not progress.look(find)
    assert progress.heads == {"a": 3, "b": 2, "c": 1}


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
