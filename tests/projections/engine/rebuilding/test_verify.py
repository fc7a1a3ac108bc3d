"""What is verified: each row of each book, while the views go on."""

from contextlib import contextmanager

import pytest
from sqlalchemy import func, update

from ledger.schema import events
from projections.engine.folding.checkpoints import lock_checkpoints
from projections.engine.generations.generation import Generation
from projections.engine.rebuilding import verify as verification
from projections.engine.rebuilding.verify import verify


def verified(shop, **options):
    return verify(shop.ledger, shop.generations, shop.mapper, shop.definitions, **options)


def digests(report):
    return {
        (book.book, table.name): (table.rows, table.digest)
        for book in report.books
        for table in book.tables
    }


@pytest.mark.parametrize("book", ["the same", "a stranger"])
@pytest.mark.parametrize("buyer", ["aaa", "kofi", "zzz"])
def test_a_row_that_should_not_be_there_is_named(shop, toys, buyer, book):
    generation = shop.begin()
    shop.record(toys.paid("ama"), toys.paid("yaw"))
    shop.project()
    row = {
        "book": toys.BOOK if book == "the same" else toys.OTHER_BOOK,
        "buyer": buyer,
        "currency": "GHS",
        "spent": 1,
        "payments": 1,
    }
    with generation.writing() as connection:
        connection.execute(toys.totals.insert().values(row))

    report = verified(shop)

    [wrong] = [t for each in report.books for t in each.tables if t.difference]
    assert wrong.difference.key == {key: row[key] for key in ("book", "buyer", "currency")}
    assert wrong.difference.expected is None
    assert wrong.difference.column is None


def test_what_is_recorded_during_a_verification_is_verified_too(shop, toys):
    shop.begin()
    shop.record(toys.paid("ama"))
    shop.project()
    late = []

    def disturb(_facts):
        if not late:
            late.append(shop.record(toys.paid("late"), toys.paid("ama")))
            shop.record(toys.paid("esi"), book=toys.OTHER_BOOK)
            shop.project()

    report = verified(shop, count=disturb)

    assert report.is_sound
    assert {each.book: each.checkpoint.position for each in report.books} == {
        toys.BOOK: 3,
        toys.OTHER_BOOK: 1,
    }


def test_two_generations_at_the_same_positions_have_the_same_digests(shop, toys):
    first, second = shop.begin(), shop.begin()
    shop.record(toys.paid("ama"), toys.paid("yaw"))
    for generation in (first, second):
        shop.project(generation)

    before = [verified(shop, number=each.number) for each in (first, second)]
    shop.record(toys.paid("ama"))
    shop.project(second)
    after = [verified(shop, number=each.number) for each in (first, second)]

    assert [each.generation for each in before] == [first.number, second.number]
    assert digests(before[0]) == digests(before[1])
    assert all(each.is_sound for each in after)
    assert digests(after[0]) == digests(before[0]) != digests(after[1])


def test_a_broken_chain_is_told_before_anything_is_folded(shop, toys):
    shop.begin()
    shop.record(toys.paid("ama"), toys.paid("yaw"))
    shop.project()
    with shop.engine.begin() as connection:
        connection.execute(update(events).where(events.c.position == 2).values(context='{"a":1}'))
    told = []

    verified(shop, count=told.append, broken=told.append)

    assert (told[0].position, told[0].reason) == (2, "changed")


@pytest.fixture
def forged(shop, toys):
    """Two books that are folded; then the third fact of one has an amount no row can hold."""
    generation = shop.begin()
    shop.record(*(toys.paid("ama", amount) for amount in (7, 8, 2, 9)), toys.paid("esi", 5))
    shop.record(toys.paid("kofi"), book=toys.OTHER_BOOK)
    shop.project()
    forged = func.replace(events.c.data, '"amount":2', f'"amount":{2**63 - 1}')
    third = (events.c.book == toys.BOOK) & (events.c.position == 3)
    with shop.engine.begin() as connection:
        connection.execute(update(events).where(third).values(data=forged))
    return generation


@pytest.mark.usefixtures("forged")
def test_a_forged_fact_whose_row_is_refused_is_named_and_all_else_compared(shop, toys):
    report = verified(shop)

    wrong, right = report.books
    assert (wrong.book, wrong.chain.position, wrong.chain.reason) == (toys.BOOK, 3, "changed")
    totals = next(table for table in wrong.tables if table.name == toys.totals.name)
    assert totals.difference.key["buyer"] == "ama"
    # Up to the forged fact it is folded, and parked there.
    assert (totals.difference.expected, totals.difference.found) == (7 + 8, 7 + 8 + 2 + 9)
    assert right.book == toys.OTHER_BOOK
    assert right.is_sound
    assert all(table.rows for table in right.tables)


def test_what_is_quarantined_is_folded_while_nobody_reads_the_views(shop, forged, monkeypatch):
    reading, write, being_read, written = Generation.reading, verification.fold_and_write, [], []

    # A server that tests share reads views of its own meanwhile, in other threads.
    def name_of(generation):
        return generation.engine.url, generation.number

    @contextmanager
    def watched(generation):
        with reading(generation) as connection:
            being_read.append(name_of(generation))
            yield connection
            being_read.remove(name_of(generation))

    def noted(generation, *arguments):
        written.append(name_of(forged) in being_read)
        return write(generation, *arguments)

    monkeypatch.setattr(Generation, "reading", watched)
    monkeypatch.setattr(verification, "fold_and_write", noted)
    verified(shop)

    assert written
    assert not any(written)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_compares_every_row_once_keeps_few_pages_in_memory(shop, monkeypatch):
    shop.begin()
    usual, kept, compare = pages_kept(shop.serving()), [], verification.compare

    def noted(expected, found, table):
        kept.extend([cache_size(expected), cache_size(found)])
        return compare(expected, found, table)

    monkeypatch.setattr(verification, "compare", noted)
    verified(shop)

    assert all(kib * 10 < usual for kib in kept)
    assert pages_kept(shop.serving()) == usual


def pages_kept(generation):
    with generation.reading() as connection:
        return cache_size(connection)


def cache_size(connection):
    """In KiB."""
    return -connection.exec_driver_sql("PRAGMA cache_size").scalar_one()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_book_that_a_cut_connection_still_holds_is_waited_for(shop, toys, monkeypatch):
    shop.begin()
    shop.record(toys.paid("ama", 1))
    projector = shop.project()
    load, fold = verification.load_books, verification.fold_and_write
    held = []

    def load_then_move(*arguments, **named):
        load(*arguments, **named)
        shop.record(toys.paid("ama", 1))
        while projector.project_once() or projector.has_work:
            projector.notify()

    def held_at_first(generation, *arguments, **named):
        if held:
            return fold(generation, *arguments, **named)
        with generation.engine.connect() as connection:
            held.append(lock_checkpoints(connection, [toys.BOOK]))
            return fold(generation, *arguments, **named)

    monkeypatch.setattr(verification, "load_books", load_then_move)
    monkeypatch.setattr(verification, "fold_and_write", held_at_first)

    assert verified(shop).is_sound
    assert held
