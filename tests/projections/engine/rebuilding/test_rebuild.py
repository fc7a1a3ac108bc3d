"""A generation is built beside the one that serves, and changes places with it at once."""

import random
import time

import pytest
from sqlalchemy import delete, event, update

from ledger.schema import books, events
from projections.engine.folding.checkpoints import read_checkpoints
from projections.engine.folding.fold import Folding
from projections.engine.generations.generations import NoSuchGeneration, ViewsRebuilding
from projections.engine.generations.same_history import is_folded_from
from projections.engine.rebuilding import bulk_load
from projections.engine.rebuilding.bulk_load import BulkLoader
from projections.engine.rebuilding.rebuild import clear_abandoned, ensure_views, rebuild
from projections.engine.rebuilding.verify import verify


def history(shop, toys, facts=300):
    chance = random.Random(7)
    for _ in range(facts // 10):
        book = chance.choice([toys.BOOK, toys.OTHER_BOOK])
        shop.record(
            *[
                toys.paid(
                    f"buyer_{chance.randrange(9)}",
                    chance.randrange(1, 900),
                    currency=chance.choice(["GHS", "NGN", "KES"]),
                    source=chance.choice(["api", "payment_link", None]),
                    till=chance.choice([None, None, "one", "two", "back"]),
                    second=chance.randrange(40),
                )
                for _ in range(10)
            ],
            book=book,
        )


def rebuilt(shop, **options):
    return rebuild(shop.ledger, shop.generations, shop.mapper, shop.definitions, **options)


def test_a_rebuild_gives_the_rows_that_were_folded_live(shop, toys):
    live = shop.begin()
    history(shop, toys)
    shop.project()
    seen = []

    done = rebuilt(shop, notice=seen.append)

    assert shop.serving().number == done.number != live.number
    assert shop.all_rows() == shop.all_rows(live)
    assert (seen[-1].facts, seen[-1].total, seen[-1].seconds_left) == (300, 300, 0)


def test_what_does_not_fit_in_memory_is_merged_with_what_is_there(shop, toys):
    live = shop.begin()
    history(shop, toys)
    shop.project()
    generation = shop.generations.begin(shop.definitions)
    loader = BulkLoader(
        shop.ledger,
        generation,
        shop.definitions,
        Folding(shop.mapper, shop.definitions.folds),
        lambda _: None,
        rows_in_memory=1,
        facts_per_read=20,
    )

    loader.load_books(sorted(shop.ledger.heads().items()))

    assert shop.rows(toys.totals, generation) == shop.rows(toys.totals, live)
    assert shop.rows(toys.books, generation) == shop.rows(toys.books, live)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_long_book_is_loaded_into_a_file_in_parts_that_fit_the_memory(shop, toys, monkeypatch):
    monkeypatch.setattr(bulk_load, "ROWS_IN_MEMORY_ON_SQLITE", 100)
    shop.record(*[toys.paid(f"buyer {number}", number) for number in range(1_000)])
    generation = shop.generations.begin(shop.definitions)
    parts = []
    event.listen(generation.engine, "commit", parts.append)
    loader = BulkLoader(
        shop.ledger,
        generation,
        shop.definitions,
        Folding(shop.mapper, shop.definitions.folds),
        lambda _: None,
        facts_per_read=50,
    )

    loader.load_books(sorted(shop.ledger.heads().items()))

    assert len(parts) >= 1_000 / (100 + 50)
    assert len(shop.rows(toys.totals, generation)) == 1_000


@pytest.mark.parametrize("rows_in_memory", [1, 1_000])
@pytest.mark.parametrize("good", [1, 2, 3, 4])
def test_a_book_parked_wherever_in_a_page_is_of_the_history_of_its_last_good_fact(
    shop, toys, good, rows_in_memory
):
    shop.record(*[toys.paid() for _ in range(good)], toys.from_the_future(), toys.paid())
    generation = shop.generations.begin(shop.definitions)
    loader = BulkLoader(
        shop.ledger,
        generation,
        shop.definitions,
        Folding(shop.mapper, shop.definitions.folds),
        lambda _: None,
        rows_in_memory=rows_in_memory,
        facts_per_read=2,
    )

    loader.load_books(sorted(shop.ledger.heads().items()))

    with generation.reading() as connection:
        [(book, parked)] = read_checkpoints(connection).items()
    [last] = shop.ledger.read(book, after=good - 1, limit=1)
    assert (parked.position, parked.parked_position) == (good, good + 1)
    assert parked.digest == last.digest.hex()
    assert is_folded_from(shop.ledger, generation)


def test_facts_recorded_during_a_rebuild_are_in_it(shop, toys):
    history(shop, toys)

    def disturb(progress):
        if progress.facts == 300:
            shop.record(toys.paid("late"))

    rebuilt(shop, notice=disturb)

    assert [row[1] for row in shop.rows(toys.totals) if row[1] == "late"] == ["late"]


def test_a_rebuild_passes_a_book_with_a_bad_fact(shop, toys):
    shop.record(toys.paid("ama", 3), toys.from_the_future())
    shop.record(toys.paid("esi", 5), book=toys.OTHER_BOOK)

    rebuilt(shop)

    assert [row[3] for row in shop.rows(toys.totals)] == [3, 5]


def test_an_interrupted_rebuild_leaves_everything_as_it_was(shop, toys):
    live = shop.begin()
    history(shop, toys)
    shop.project()

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuilt(shop, notice=interrupt)

    assert [each.number for each in shop.generations.list()] == [live.number]
    assert shop.serving().number == live.number


def test_what_a_killed_rebuild_left_is_taken_away(shop):
    live = shop.begin()
    shop.generations.begin(shop.definitions)

    clear_abandoned(shop.generations, shop.definitions)

    assert [each.number for each in shop.generations.list()] == [live.number]


def test_switching_back_is_possible_and_noticed_by_others(shop, open_shop):
    first = shop.begin()
    second = shop.begin()
    elsewhere = open_shop()
    assert elsewhere.serving().number == second.number

    shop.generations.switch(first.number)
    elsewhere.generations.close()

    assert shop.serving().number == elsewhere.serving().number == first.number
    assert [each.state for each in shop.generations.list()] == ["serving", "kept"]


def test_a_generation_that_is_not_there_or_half_built_cannot_serve(shop):
    half = shop.generations.begin(shop.definitions)

    for number in (9, half.number):
        with pytest.raises(NoSuchGeneration):
            shop.generations.switch(number)


def test_a_projector_follows_a_switch(shop, toys):
    shop.begin()
    projector = shop.projector()
    shop.record(toys.paid("ama", 1))
    projector.project_once()

    shop.begin()
    projector.project_once()

    assert [row[3] for row in shop.rows(toys.totals)] == [1]


def test_other_definitions_have_another_generation(shop):
    shop.begin()
    changed = type(shop.definitions)(
        shop.definitions.metadata, shop.definitions.folds, shop.definitions.derived[:1]
    )

    with pytest.raises(ViewsRebuilding):
        shop.generations.serving(changed)


def test_missing_views_are_built_once(shop, toys):
    shop.record(toys.paid("ama", 8))

    for _ in range(2):
        ensure_views(shop.ledger, shop.generations, shop.mapper, shop.definitions)

    assert [row[3] for row in shop.rows(toys.totals)] == [8]
    assert len(shop.generations.list()) == 1


def test_verification_finds_nothing_in_sound_views(shop, toys):
    shop.begin()
    history(shop, toys)
    shop.project()

    report = verify(shop.ledger, shop.generations, shop.mapper, shop.definitions)

    assert report.is_sound
    assert {book.book for book in report.books} == {toys.BOOK, toys.OTHER_BOOK}
    assert [each.state for each in shop.generations.list()] == ["serving"]


def test_verification_names_the_row_and_the_column_that_were_changed(shop, toys):
    generation = shop.begin()
    shop.record(toys.paid("ama", 100), toys.paid("kofi", 70))
    shop.project()
    with generation.writing() as connection:
        connection.execute(update(toys.totals).where(toys.totals.c.buyer == "kofi").values(spent=1))

    report = verify(shop.ledger, shop.generations, shop.mapper, shop.definitions)

    assert not report.is_sound
    [wrong] = [table for table in report.books[0].tables if table.difference]
    assert wrong.name == "toy_totals"
    assert wrong.difference.key == {"book": toys.BOOK, "buyer": "kofi", "currency": "GHS"}
    assert (wrong.difference.column, wrong.difference.expected, wrong.difference.found) == (
        "spent",
        70,
        1,
    )


def test_verification_names_a_row_that_was_taken_away(shop, toys):
    generation = shop.begin()
    shop.record(toys.paid("ama", 100), toys.paid("kofi", 70))
    shop.project()
    with generation.writing() as connection:
        connection.execute(toys.totals.delete().where(toys.totals.c.buyer == "ama"))

    report = verify(shop.ledger, shop.generations, shop.mapper, shop.definitions)

    [wrong] = [table for table in report.books[0].tables if table.difference]
    assert wrong.difference.key["buyer"] == "ama"
    assert wrong.difference.found is None


def test_views_of_a_later_day_are_built_again_after_an_older_backup_was_restored(
    shop, open_shop, toys
):
    shop.record(toys.paid("ama", 1))
    backup = shop.ledger.read(toys.BOOK, limit=9)
    shop.record(toys.paid("forgotten", 2))
    ensure(shop)
    restore(shop, toys, backup)
    restored = open_shop()
    restored.record(toys.paid("esi", 4), toys.paid("kofi", 8))

    ensure(restored)
    restored.project()

    assert [row[1:4] for row in restored.rows(toys.totals)] == [
        ("ama", "GHS", 1),
        ("esi", "GHS", 4),
        ("kofi", "GHS", 8),
    ]


def restore(shop, toys, facts):
    """Put the ledger back to where these were all its facts."""
    last = facts[-1]
    with shop.engine.begin() as connection:
        connection.execute(delete(events).where(events.c.position > last.position))
        connection.execute(
            update(books)
            .where(books.c.book == toys.BOOK)
            .values(position=last.position, digest=last.digest)
        )


def ensure(shop):
    ensure_views(shop.ledger, shop.generations, shop.mapper, shop.definitions)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("left", [None, b"", b"this is no database, and never was one" * 99])
def test_views_whose_file_was_thrown_away_are_built_again(open_shop, toys, left):
    shop = open_shop()
    shop.record(toys.paid("ama", 8))
    ensure(shop)
    path = shop.serving().path
    shop.generations.close()
    path.unlink()
    if left is not None:
        path.write_bytes(left)
    again = open_shop()

    ensure(again)

    assert [row[3] for row in again.rows(toys.totals)] == [8]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_of_views_that_is_gone_was_folded_from_nothing(shop, toys):
    shop.record(toys.paid("ama", 8))
    ensure(shop)
    gone = shop.serving()
    shop.generations.close()
    gone.path.unlink()

    assert not is_folded_from(shop.ledger, gone)
    assert not gone.path.exists()


def test_sound_views_are_not_built_again(shop, open_shop, toys):
    shop.record(toys.paid("ama", 8))
    ensure(shop)
    shop.record(toys.paid("ama", 8), toys.from_the_future(), book=toys.OTHER_BOOK)
    shop.project()

    ensure(open_shop())

    assert [each.number for each in shop.generations.list()] == [1]


def test_the_number_of_a_dropped_generation_is_not_given_again(shop, open_shop, toys):
    elsewhere = open_shop()
    first, second = shop.begin(), shop.begin()
    assert elsewhere.rows(toys.totals) == []
    shop.generations.switch(first.number)
    shop.generations.drop(second.number)

    third = shop.begin()
    shop.record(toys.paid("ama", 8))
    shop.project()
    time.sleep(0.6)

    assert third.number > second.number
    assert [row[3] for row in elsewhere.rows(toys.totals)] == [8]
