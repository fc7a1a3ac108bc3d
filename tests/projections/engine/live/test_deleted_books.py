"""A book that was deleted is taken out of the views, whatever they were doing meanwhile."""

import pytest
from sqlalchemy import select

from projections.engine.folding.checkpoints import Checkpoint, checkpoints, read_checkpoints
from projections.engine.folding.fold import Folding
from projections.engine.generations.fold_and_write import fold_and_write
from projections.engine.generations.same_history import (
    find_book_of_another_history,
    is_folded_from,
)
from projections.engine.live.lag import projection_lag
from projections.engine.rebuilding import verify as verification
from projections.engine.rebuilding.bulk_load import BulkLoader
from projections.engine.rebuilding.deletion import clear_deleted_books
from projections.engine.rebuilding.parallel_load import load_books
from projections.engine.rebuilding.rebuild import ensure_views, rebuild
from projections.engine.rebuilding.verify import verify


@pytest.fixture
def folded(shop, toys):
    """Two books in the views."""
    shop.begin()
    shop.record(toys.paid("ama"), toys.paid("kofi"))
    shop.record(toys.paid("esi"), book=toys.OTHER_BOOK)
    shop.project()
    return shop


def books_in(shop, generation=None):
    """Of which books there is anything."""
    found = {row[0] for rows in shop.all_rows(generation).values() for row in rows}
    with (generation or shop.serving()).reading() as connection:
        return found | set(connection.execute(select(checkpoints.c.book)).scalars())


def verified(shop):
    return verify(shop.ledger, shop.generations, shop.mapper, shop.definitions)


def test_its_rows_and_its_checkpoint_are_taken_out_and_no_others(folded, toys):
    projector = folded.projector()
    folded.ledger.delete(toys.BOOK)

    projector.project_once()

    assert books_in(folded) == {toys.OTHER_BOOK}
    assert projection_lag(folded.ledger, folded.serving()) == {}
    assert not projector.has_work


def test_until_then_the_views_are_neither_lost_nor_wrong(folded, toys):
    folded.ledger.delete(toys.BOOK)
    generation = folded.serving()

    with generation.reading() as connection:
        assert find_book_of_another_history(connection) is None
    assert is_folded_from(folded.ledger, generation)
    ensure_views(folded.ledger, folded.generations, folded.mapper, folded.definitions)
    assert folded.serving().number == generation.number
    report = verified(folded)
    assert report.is_sound
    assert [each.book for each in report.books] == [toys.OTHER_BOOK]


def test_a_row_that_stays_behind_without_a_checkpoint_is_wrong(folded, toys):
    generation = folded.serving()
    folded.ledger.delete(toys.BOOK)
    with generation.writing() as connection:
        connection.execute(checkpoints.delete().where(checkpoints.c.book == toys.BOOK))

    report = verified(folded)

    assert [each.book for each in report.books if not each.is_sound] == [toys.BOOK]


def test_a_parked_book_is_taken_out_as_well(shop, toys):
    shop.begin()
    shop.record(toys.paid("ama"), toys.paid("ama", till="jammed"))
    projector = shop.project()
    assert list(projector.progress.parked) == [toys.BOOK]

    shop.ledger.delete(toys.BOOK)
    projector.notify()
    projector.project_once()

    assert projector.progress.parked == {}
    assert books_in(shop) == set()


def test_what_was_read_before_and_is_written_after_is_taken_out(folded, toys):
    folded.record(toys.paid("yaw"))
    folding = Folding(folded.mapper, folded.definitions.folds)

    def read(*asked):
        facts = folded.ledger.read_many(*asked)
        folded.ledger.delete(toys.BOOK)
        return facts

    step = fold_and_write(folded.serving(), folded.definitions, folding, read, [toys.BOOK])
    assert step.checkpoints[toys.BOOK].position == 3

    folded.project()

    assert books_in(folded) == {toys.OTHER_BOOK}


def test_a_book_that_is_asked_for_after_it_is_gone_leaves_no_checkpoint(folded, toys):
    folded.ledger.delete(toys.BOOK)
    projector = folded.project()

    projector.prioritize(toys.BOOK)
    projector.project_once()

    assert books_in(folded) == {toys.OTHER_BOOK}
    with folded.serving().reading() as connection:
        assert Checkpoint() not in read_checkpoints(connection).values()


def test_a_rebuild_after_it_has_nothing_of_it(folded, toys):
    folded.ledger.delete(toys.BOOK)

    rebuilt = rebuild(folded.ledger, folded.generations, folded.mapper, folded.definitions)

    assert folded.serving().number == rebuilt.number
    assert books_in(folded) == {toys.OTHER_BOOK}
    assert verified(folded).is_sound


def test_a_rebuild_during_it_has_nothing_of_it(folded, toys):
    def delete(_state):
        folded.ledger.delete(toys.BOOK)

    rebuild(folded.ledger, folded.generations, folded.mapper, folded.definitions, notice=delete)

    assert books_in(folded) == {toys.OTHER_BOOK}
    assert verified(folded).is_sound


def test_a_part_that_was_loaded_without_a_checkpoint_is_taken_out(folded, toys):
    heads = sorted(folded.ledger.heads().items())
    generation = folded.generations.begin(folded.definitions)
    loader = BulkLoader(
        folded.ledger,
        generation,
        folded.definitions,
        Folding(folded.mapper, folded.definitions.folds[:1]),
        lambda _facts: None,
        notes_checkpoints=False,
    )
    loader.load_books([each for each in heads if each[0] == toys.BOOK])
    folded.ledger.delete(toys.BOOK)

    load_books(
        folded.ledger,
        generation,
        folded.definitions,
        folded.mapper,
        heads,
        lambda _facts: None,
        processes=1,
    )

    assert books_in(folded, generation) == {toys.OTHER_BOOK}


@pytest.mark.parametrize("after", ["the chains were walked", "the views were read"])
def test_a_verification_during_it_finds_nothing_wrong(folded, toys, after):
    def delete(_facts):
        folded.ledger.delete(toys.BOOK)
        if after == "the chains were walked":
            clear_deleted_books(folded.ledger, folded.generations, folded.definitions)

    report = verify(
        folded.ledger, folded.generations, folded.mapper, folded.definitions, count=delete
    )

    assert report.is_sound


def test_a_verification_that_had_folded_it_before_finds_nothing_wrong(folded, toys, monkeypatch):
    looks = []

    def delete_before_the_third(connection):
        looks.append(connection)
        if len(looks) == 3:  # of the views that are verified
            folded.ledger.delete(toys.BOOK)
            clear_deleted_books(folded.ledger, folded.generations, folded.definitions)
        return read_checkpoints(connection)

    monkeypatch.setattr(verification, "read_checkpoints", delete_before_the_third)

    report = verified(folded)

    assert folded.ledger.deleted() == {toys.BOOK}
    assert report.is_sound


def test_it_is_taken_out_of_every_generation_that_could_serve(folded, toys):
    kept = folded.serving()
    rebuild(folded.ledger, folded.generations, folded.mapper, folded.definitions)
    folded.ledger.delete(toys.BOOK)

    clear_deleted_books(folded.ledger, folded.generations, folded.definitions)

    assert books_in(folded, kept) == {toys.OTHER_BOOK}
    assert books_in(folded) == {toys.OTHER_BOOK}
