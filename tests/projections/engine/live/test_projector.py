"""The projector folds what is recorded, once, whatever happens meanwhile."""

import threading
import time
from dataclasses import replace

from sqlalchemy import delete
from structlog.testing import capture_logs
from waiting import awaited

from projections.engine.folding.changes import Changes
from projections.engine.folding.checkpoints import (
    Checkpoint,
    checkpoints,
    note_checkpoint,
    read_checkpoints,
)
from projections.engine.folding.row_writer import merge_into


def checkpoint(shop, book):
    """Without the digest of the last fact, which is another one in every run."""
    with shop.serving().reading() as connection:
        return replace(read_checkpoints(connection, [book])[book], digest=None)


def test_facts_become_rows(shop, toys):
    shop.begin()
    shop.record(
        toys.paid("ama", 100, source="api", second=5),
        toys.paid("ama", 50, source=None, second=2),
        toys.paid("kofi", 70, currency="NGN", till="one"),
    )

    shop.project()

    first_at = 1767225600
    assert shop.rows(toys.totals) == [
        (toys.BOOK, "ama", "GHS", 150, 2, first_at + 2, first_at + 5, None, "api", None, None),
        (toys.BOOK, "kofi", "NGN", 70, 1, first_at, first_at, "api", "api", "one", "one"),
    ]
    assert shop.rows(toys.favourites) == [
        (toys.BOOK, "ama", "GHS", 2),
        (toys.BOOK, "kofi", "NGN", 1),
    ]
    assert shop.rows(toys.fans) == [(toys.BOOK, 2, "NGN")]


def test_a_derived_row_without_a_reason_is_gone(shop, toys):
    shop.begin()
    shop.record(toys.paid("ama"))
    shop.project()

    shop.record(toys.paid("ama", till="back"))
    shop.project()

    assert shop.rows(toys.favourites) == []


def test_the_checkpoint_moves_over_facts_no_view_cares_about(shop, toys):
    shop.begin()
    shop.record(toys.unheard(), toys.unheard())

    shop.project()

    assert checkpoint(shop, toys.BOOK) == Checkpoint(2)


def test_rows_that_a_crash_took_back_are_folded_again(shop, toys):
    generation = shop.begin()
    projector = shop.projector()
    shop.record(toys.paid("ama", 100))
    projector.project_once()
    projector.notify()
    # Views need not survive a power cut: checkpoint and rows are gone, and nobody told us.
    with generation.writing() as connection:
        for table in (*toys.definitions.tables, checkpoints):
            connection.execute(delete(table))
    shop.record(toys.paid("ama", 50))

    projector.notify()
    while projector.project_once():
        projector.notify()

    assert [row[3] for row in shop.rows(toys.totals)] == [150]


def test_two_projectors_at_once_count_every_fact_once(shop, toys):
    shop.begin()
    for n in range(40):
        shop.record(*[toys.paid(f"buyer_{n % 7}", 10, second=n) for _ in range(5)])
        shop.record(toys.paid("ama", 1), book=toys.OTHER_BOOK)
    projectors = [shop.projector() for _ in range(2)]

    threads = [threading.Thread(target=run_to_the_end, args=[each]) for each in projectors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert shop.rows(toys.books) == [
        (toys.BOOK, 200, 1767225600 + 39),
        (toys.OTHER_BOOK, 40, 1767225600),
    ]
    assert sum(row[3] for row in shop.rows(toys.totals)) == 2040


def run_to_the_end(projector):
    while projector.project_once():
        projector.notify()


def test_a_fact_of_an_unknown_topic_parks_its_book_and_no_other(shop, toys):
    shop.begin()
    shop.record(toys.paid("ama", 100), toys.from_the_future(), toys.paid("ama", 100))
    shop.record(toys.paid("esi", 5), book=toys.OTHER_BOOK)

    projector = shop.project()

    parked = checkpoint(shop, toys.BOOK)
    assert (parked.position, parked.parked_position) == (1, 2)
    assert "toy.not_invented_yet" in parked.parked_error
    assert list(projector.progress.parked) == [toys.BOOK]
    assert checkpoint(shop, toys.OTHER_BOOK) == Checkpoint(1)
    assert [row[3] for row in shop.rows(toys.totals)] == [100, 5]


def test_a_fact_a_fold_refuses_leaves_no_part_of_itself(shop, toys):
    shop.begin()
    shop.record(toys.paid("ama", 100), toys.paid("ama", 100, till="jammed"))

    shop.project()

    assert checkpoint(shop, toys.BOOK) == Checkpoint(1, 2, "RuntimeError: the till is jammed")
    assert [row[3] for row in shop.rows(toys.totals)] == [100]


def test_a_row_the_database_cannot_hold_parks_only_its_book(shop, toys):
    shop.begin()
    large = toys.paid("ama", 2**62)
    shop.record(*[toys.paid("ama", 1) for _ in range(5)], large, toys.paid("ama", 2**62))
    shop.record(toys.paid("esi", 5), book=toys.OTHER_BOOK)

    shop.project()

    parked = checkpoint(shop, toys.BOOK)
    assert (parked.position, parked.parked_position) == (6, 7)
    assert [row[3] for row in shop.rows(toys.totals)] == [2**62 + 5, 5]


def test_a_parked_book_is_tried_again_by_the_next_start(shop, toys):
    shop.begin()
    shop.record(toys.paid("ama", 100, till="jammed"), toys.paid("ama", 1))
    first = shop.project()
    assert first.progress.parked
    mended = type(shop.definitions)(
        shop.definitions.metadata, shop.definitions.folds[:1], shop.definitions.derived
    )

    shop.definitions = mended
    second = shop.projector(shop.generations.serving(toys.definitions))
    run_to_the_end(second)
    shop.definitions = toys.definitions

    assert second.progress.parked == {}
    assert shop.position() == 2


def test_a_running_projector_is_woken_by_the_ledger(shop, toys):
    shop.begin()
    projector = shop.projector()
    told = threading.Event()
    projector.on_progress(lambda moved: toys.BOOK in moved and told.set())
    shop.ledger.on_commit(projector.notify)
    projector.start()

    shop.record(toys.paid())

    assert told.wait(5)
    assert checkpoint(shop, toys.BOOK) == Checkpoint(1)


def test_a_running_projector_finds_what_another_process_recorded(shop, open_shop, toys):
    shop.begin()
    projector = shop.projector()
    projector.start()
    elsewhere = open_shop()

    elsewhere.record(toys.paid())

    deadline = time.monotonic() + 5
    while shop.position() == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert checkpoint(shop, toys.BOOK) == Checkpoint(1)


def test_a_book_another_process_could_fold_is_not_parked_any_more(shop, toys):
    generation = shop.begin()
    shop.record(toys.paid("ama", 1), toys.paid("ama", 2, till="jammed"))
    projector = shop.project()
    assert projector.progress.parked
    [last] = shop.ledger.read(toys.BOOK, after=1, limit=1)
    newer = Checkpoint(2, digest=last.digest.hex())
    changes = Changes(toys.BOOK)
    note_checkpoint(changes, newer)
    with generation.writing() as connection:
        merge_into(connection, generation.schema, [changes])

    shop.record(toys.paid("ama", 4))
    projector.notify()
    projector.project_once()

    assert not projector.progress.parked


def test_why_views_cannot_be_written_is_logged_once_and_only_its_kind_is_told(shop, monkeypatch):
    shop.begin()
    projector = shop.projector()
    errors = [ValueError("of org_x/live"), ValueError("of org_y/live"), KeyError("org_z/live")]
    told = []

    def fail():
        told.append(projector.progress.failure)
        if errors:
            raise errors.pop(0)
        return 0

    monkeypatch.setattr(projector, "project_once", fail)
    with capture_logs() as log:
        projector.start()
        awaited(lambda: len(told) > 3 and projector.progress.failure is None)

    assert told[:4] == [None, "ValueError", "ValueError", "KeyError"]
    assert [each["error"] for each in log] == [
        "ValueError: of org_x/live",
        "KeyError: 'org_z/live'",
    ]
