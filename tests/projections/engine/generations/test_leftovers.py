"""Tables of generations that were dropped are gone in the end, whatever came between."""

import psycopg
import pytest
from slow_statements import address, hindered
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from projections.engine.generations.generations import Generations
from projections.engine.generations.registry import Registry
from projections.engine.rebuilding.heartbeat import clear_abandoned
from projections.engine.rebuilding.rebuild import ensure_views, rebuild


@pytest.fixture
def registry(shop, clock):
    return Registry(shop.engine, clock)


def is_left(shop, generation):
    """Whether there is a file of it, or its schema."""
    if generation.path is not None:
        return any(generation.path.parent.glob(f"{generation.path.name}*"))
    named = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
    with shop.engine.connect() as connection:
        return connection.execute(named, {"name": generation.schema}).first() is not None


def dropped_by_a_process_that_was_killed(shop, registry):
    """Taken off the list, and no more."""
    generation = shop.begin()
    generation.close()
    assert registry.drop(generation.number, ["serving"])
    return generation


def test_what_a_process_dropped_that_was_killed_then_goes_with_the_next_build(shop, registry):
    left = dropped_by_a_process_that_was_killed(shop, registry)

    built = shop.begin()

    assert not is_left(shop, left)
    assert built.number > left.number


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_half_of_what_sqlite_made_is_enough_to_be_taken_away(shop, registry):
    left = dropped_by_a_process_that_was_killed(shop, registry)
    left.path.with_name(f"{left.path.name}-wal").touch()
    left.path.unlink()

    shop.begin()

    assert not is_left(shop, left)


def test_numbers_of_which_nothing_is_left_are_forgotten_but_for_the_highest(shop, registry):
    first, second, third = shop.begin(), shop.begin(), shop.begin()
    for each in (first, third):
        shop.generations.drop(each.number)

    shop.generations.sweep()

    assert registry.dropped() == [third.number]
    assert [each.number for each in shop.generations.list()] == [second.number]
    assert shop.begin().number == third.number + 1


def test_what_cannot_go_yet_stays_in_mind_until_it_can(shop, registry, monkeypatch):
    monkeypatch.setattr("projections.engine.generations.generation._MOMENT", "100ms")
    left = dropped_by_a_process_that_was_killed(shop, registry)
    let_go = still_used(shop, left)
    built = shop.begin()
    assert is_left(shop, left)
    assert shop.serving().number == built.number
    assert registry.dropped() == [left.number]

    let_go()
    shop.begin()
    shop.generations.sweep()

    assert not is_left(shop, left)
    assert registry.dropped() == []


def still_used(shop, generation):
    """Somebody reads its tables, or has put what cannot be removed in the place of its file."""
    if generation.path is not None:
        generation.path.unlink()
        generation.path.mkdir()
        return generation.path.rmdir
    reading = psycopg.connect(address(shop.engine))
    reading.execute(f"TABLE {generation.schema}.toy_totals")
    return reading.close


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_whoever_discards_a_generation_waits_for_those_who_read_it(shop, monkeypatch):
    monkeypatch.setattr(Generations, "noticed_seconds", 0)
    monkeypatch.setattr(Generations, "last_read_seconds", 0)
    generation = shop.begin()

    with hindered(shop.engine, "DROP SCHEMA", f"{generation.schema}.toy_totals") as waited:
        shop.generations.discard(generation.number, even_serving=True)

    assert waited
    assert not is_left(shop, generation)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_builder_that_stands_still_in_a_load_keeps_nobody_from_building(
    shop, registry, monkeypatch
):
    monkeypatch.setattr("projections.engine.generations.generation._MOMENT", "100ms")
    monkeypatch.setattr("projections.engine.rebuilding.heartbeat._DEAD_AFTER_SECONDS", 0.1)
    left = shop.generations.begin(shop.definitions)
    with (
        psycopg.connect(address(shop.engine)) as connection,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {left.schema}.toy_totals FROM STDIN"),
    ):
        clear_abandoned(shop.generations, shop.definitions)
        ensure_views(shop.ledger, shop.generations, shop.mapper, shop.definitions)

        assert shop.serving().number != left.number
        assert registry.dropped() == [left.number]
    shop.begin()

    assert not is_left(shop, left)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_reads_views_of_other_facts_keeps_nobody_from_building_others(
    shop, registry, monkeypatch
):
    monkeypatch.setattr("projections.engine.generations.generation._MOMENT", "100ms")
    left = shop.begin()
    with psycopg.connect(address(shop.engine)) as reading:
        reading.execute(f"TABLE {left.schema}.toy_totals")

        shop.generations.drop(left.number)
        ensure_views(shop.ledger, shop.generations, shop.mapper, shop.definitions)

        assert shop.serving().number != left.number
        assert registry.dropped() == [left.number]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_has_not_noticed_a_drop_leaves_no_empty_file_behind(shop, open_shop, toys):
    generation = shop.begin()
    unaware = open_shop().serving()
    shop.generations.drop(generation.number)

    with pytest.raises(OperationalError):
        shop.rows(toys.totals, unaware)

    assert not is_left(shop, generation)


def test_a_rebuild_leaves_nothing_of_what_was_dropped_before(shop, registry, toys):
    shop.record(toys.paid())
    left = dropped_by_a_process_that_was_killed(shop, registry)

    rebuild(shop.ledger, shop.generations, shop.mapper, shop.definitions)
    rebuild(shop.ledger, shop.generations, shop.mapper, shop.definitions)

    assert not is_left(shop, left)
    assert registry.dropped() == []
