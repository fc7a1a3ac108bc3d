"""Views that somebody takes away under a running service are noticed, and built anew."""

import asyncio
import shutil
import time
from contextlib import closing

import pytest
import structlog
from sqlalchemy import func, select, text, update

from ledger.schema import books, events
from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.generations.lost_views import OfAnotherHistory
from projections.engine.live.reader import Views
from projections.engine.rebuilding import keeper as module
from projections.engine.rebuilding.keeper import ViewsKeeper

PATIENCE_SECONDS = 60


def unlinked(generation):
    generation.path.unlink()


def replaced(generation):
    copy = generation.path.with_name("copy.db")
    shutil.copy(generation.path, copy)
    copy.replace(generation.path)


def emptied(generation):
    generation.path.open("w").close()


def robbed_of_a_table(generation):
    with generation.engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {name_of(generation, 'toy_totals')}"))


def robbed_of_its_schema(generation):
    with generation.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {generation.schema} CASCADE"))


def truncated(generation):
    with generation.engine.begin() as connection:
        for table in ("toy_totals", "toy_books", "checkpoints"):
            connection.execute(text(f"TRUNCATE {name_of(generation, table)}"))


def truncated_in_part(generation):
    with generation.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {name_of(generation, 'toy_totals')}"))


def name_of(generation, table):
    return f"{generation.schema}.{table}" if generation.schema else table


ON_SQLITE = [unlinked, replaced, emptied, robbed_of_a_table]
ON_POSTGRESQL = [robbed_of_its_schema, truncated, truncated_in_part, robbed_of_a_table]


@pytest.fixture
def log():
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture
def keeper(shop, monkeypatch):
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.1)
    monkeypatch.setattr(module, "_HISTORY_LOOK_SECONDS", 0.1)
    keeper = ViewsKeeper(shop.ledger, shop.generations, shop.mapper, shop.definitions)
    keeper.start()
    yield keeper
    keeper.close()


@pytest.fixture
def views(shop, keeper):
    serving = shop.generations.follow(shop.definitions)
    with Views(shop.ledger, serving, lost=keeper.lost) as views:
        projector = shop.projector(lost=keeper.lost)
        projector.on_progress(views.notify_progress)
        shop.ledger.on_commit(projector.notify)
        projector.start()
        yield views


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("happened", ON_SQLITE)
def test_views_that_are_taken_away_on_sqlite_are_built_anew(shop, views, toys, log, happened):
    are_built_anew(shop, views, toys, log, happened)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("happened", ON_POSTGRESQL)
def test_views_that_are_taken_away_on_postgresql_are_built_anew(shop, views, toys, log, happened):
    are_built_anew(shop, views, toys, log, happened)


def are_built_anew(shop, views, toys, log, happened):
    for n in range(1, 4):
        shop.record(toys.paid("ama", n))
    assert asked(views, toys) == 6
    before = shop.serving()
    # It has looked at them since they hold rows.
    time.sleep(0.3)

    happened(before)
    shop.record(toys.paid("ama", 4))
    told = list(told_until_built(shop, views, toys, before))

    assert told[-1] == 10
    if happened is not truncated_in_part:
        assert set(told) <= {None, 10}
    [said] = [entry for entry in log if entry["event"].startswith("the views are lost")]
    assert (said["log_level"], said["generation"]) == ("warning", before.number)


def test_a_table_that_is_taken_away_is_noticed_though_nobody_asks(shop, views, toys, log):
    shop.record(toys.paid("ama", 1))
    assert asked(views, toys) == 1
    before = shop.serving()
    time.sleep(0.3)

    robbed_of_a_table(before)
    shop.record(toys.paid("ama", 2))
    until = time.monotonic() + PATIENCE_SECONDS
    while number_of(shop) in {before.number, None} and time.monotonic() < until:
        time.sleep(0.02)

    assert number_of(shop) not in {before.number, None}
    assert asked(views, toys) == 3
    assert len([entry for entry in log if entry["event"].startswith("the views are lost")]) == 1


def told_until_built(shop, views, toys, before):
    """What is told, None while nothing is, until other views serve."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        is_new = number_of(shop) not in {before.number, None}
        yield asked(views, toys)
        if is_new:
            return
        time.sleep(0.02)


def number_of(shop):
    try:
        return shop.serving().number
    except ViewsRebuilding:
        return None


def asked(views, toys):
    def query(connection):
        return connection.execute(select(func.sum(toys.totals.c.spent))).scalar()

    try:
        return asyncio.run(views.ask(toys.BOOK, query, wait_seconds=30)).result
    except ViewsRebuilding:
        return None


def test_views_that_are_only_rewritten_are_not_lost(shop, views, toys, log):
    shop.record(toys.paid("ama", 10))
    assert asked(views, toys) == 10
    serving = shop.serving()
    time.sleep(0.3)

    with serving.engine.connect() as connection:
        driver = connection.connection.driver_connection
        if serving.schema is not None:
            driver.rollback()
            driver.autocommit = True
            driver.execute(f"VACUUM FULL {serving.schema}.toy_totals")
            driver.autocommit = False
        else:
            driver.execute("VACUUM")
    time.sleep(0.3)

    assert asked(views, toys) == 10
    assert shop.serving().number == serving.number
    assert log == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("later", [1, 2])
def test_views_of_a_ledger_that_was_put_back_are_built_anew(shop, views, toys, log, later):
    shop.record(toys.paid("ama", 1))
    kept = everything_in(shop.ledger)
    for _ in range(2):
        shop.record(toys.paid("ama", 10))
    assert asked(views, toys) == 21
    before = shop.serving()

    put_back(shop.ledger, kept)
    for _ in range(later):
        shop.record(toys.paid("ama", 100))
    told = list(told_until_built(shop, views, toys, before))

    assert told[-1] == 1 + 100 * later
    [said] = [entry for entry in log if entry["event"].startswith("the views are lost")]
    assert said["why"] == f"of another history than the ledger: {toys.BOOK}"


def test_facts_that_do_not_go_on_from_what_was_folded_have_the_views_built_anew(
    shop, toys, monkeypatch, log
):
    # Nobody looks by himself whether views and ledger belong together.
    monkeypatch.setattr(module, "find_book_of_another_history", lambda _: None)
    shop.record(toys.paid("ama", 1))
    kept = everything_in(shop.ledger)
    shop.record(toys.paid("ama", 10), toys.paid("ama", 10))
    before = shop.begin()
    shop.project()

    with closing(
        ViewsKeeper(shop.ledger, shop.generations, shop.mapper, shop.definitions)
    ) as keeper:
        keeper.start()
        put_back(shop.ledger, kept)
        shop.record(*[toys.paid("ama", 100) for _ in range(3)])
        with pytest.raises(OfAnotherHistory):
            shop.projector(lost=keeper.lost).project_once()
        until = time.monotonic() + PATIENCE_SECONDS
        while number_of(shop) in {before.number, None} and time.monotonic() < until:
            time.sleep(0.02)

    assert [row[3:5] for row in shop.rows(toys.totals)] == [(301, 4)]
    [said] = [entry for entry in log if entry["event"].startswith("the views are lost")]
    assert said["why"] == f"OfAnotherHistory: of another history than the ledger: {toys.BOOK}"


def test_a_fact_that_somebody_changed_takes_no_views_away(shop, toys):
    shop.begin()
    shop.record(toys.paid("ama", 1))
    shop.project()
    shop.record(toys.paid("ama", 10))
    with shop.engine.begin() as connection:
        changed = update(events).where(events.c.position == 2)
        connection.execute(changed.values(context='{"by":"another"}'))

    shop.project()

    assert shop.position() == 2


def everything_in(ledger):
    with ledger.engine.connect() as connection:
        return {table: connection.execute(select(table)).all() for table in (events, books)}


def put_back(ledger, kept):
    with ledger.engine.begin() as connection:
        for table, rows in kept.items():
            connection.execute(table.delete())
            connection.execute(table.insert(), [row._asdict() for row in rows])
