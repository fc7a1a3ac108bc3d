"""The law of the rows: any way of cutting the facts into batches gives the same ones."""

from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from sqlalchemy import delete, select

from projections.engine.folding.changes import Changes
from projections.engine.folding.checkpoints import CHECKPOINTS
from projections.engine.folding.derivation import derive_touched
from projections.engine.folding.row_writer import insert_into, merge_into
from projections.engine.folding.tables import Merge, key_names, merge_of, value_names
from projections.read_models import DEFINITIONS

small = st.integers(min_value=0, max_value=3)
name = st.sampled_from(["api", "link", "Über", ""])
stated = {
    "spent": st.integers(min_value=-5, max_value=50),
    "payments": st.integers(min_value=-1, max_value=2),
    "first_at": st.none() | small,
    "last_at": st.none() | small,
    "first_source": st.none() | name,
    "last_source": st.none() | name,
    "first_till": st.none() | name,
    "last_till": st.none() | name,
}
key = st.tuples(st.sampled_from(["ama", "Ama", "kofi"]), st.sampled_from(["GHS", "NGN"]))
change = st.tuples(key, st.fixed_dictionaries({}, optional=stated))
history = st.lists(change, max_size=14)


def changes_of(toys, steps):
    changes = Changes(toys.BOOK)
    for row_key, values in steps:
        changes.merge(toys.totals, row_key, **values)
    return changes


def plain(toys, changes):
    return {
        row_key: dict(zip(value_names(toys.totals), row, strict=True))
        for row_key, row in changes.rows_of(toys.totals).items()
    }


same_shop = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


@given(history, history, history)
@same_shop
def test_merging_is_associative(toys, one, two, three):
    left = changes_of(toys, one)
    left.absorb(changes_of(toys, two))
    left.absorb(changes_of(toys, three))

    tail = changes_of(toys, two)
    tail.absorb(changes_of(toys, three))
    right = changes_of(toys, one)
    right.absorb(tail)

    assert (
        plain(toys, left)
        == plain(toys, right)
        == plain(toys, changes_of(toys, [*one, *two, *three]))
    )


def test_a_value_that_is_stated_without_its_time_is_not_taken(toys):
    new = changes_of(toys, [(("ama", "GHS"), {"last_source": "api"})])
    known = changes_of(
        toys, [(("ama", "GHS"), {"spent": 3}), (("ama", "GHS"), {"last_source": "api"})]
    )

    assert plain(toys, new)["ama", "GHS"]["last_source"] is None
    assert plain(toys, known)["ama", "GHS"]["last_source"] is None


@given(history, st.data())
@same_shop
def test_any_cut_into_batches_gives_the_same_rows_in_the_database(shop, toys, steps, data):
    generation = cached_generation(shop)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(steps)), max_size=4), label="cuts"))
    edges = [0, *cuts, len(steps)]

    for start, end in pairwise(edges):
        write(shop, generation, [changes_of(toys, steps[start:end])])

    whole = plain(toys, changes_of(toys, steps))
    stored = {
        (row[1], row[2]): dict(zip(list(whole[row[1], row[2]]), row[3:], strict=True))
        for row in shop.rows(toys.totals, generation)
    }
    favourites = dict(row[1:3] for row in shop.rows(toys.favourites, generation))
    assert stored == whole
    assert favourites == {
        buyer: min(
            (-values["payments"], _descending(values["last_at"]), currency)
            for (other, currency), values in whole.items()
            if other == buyer and values["payments"] > 0
        )[2]
        for buyer in {row_key[0] for row_key, values in whole.items() if values["payments"] > 0}
    }


def _descending(at):
    return 99 if at is None else -at


def cached_generation(shop):
    if not shop.generations.list():
        return shop.begin()
    generation = shop.serving()
    with generation.writing() as connection:
        for table in shop.definitions.tables:
            connection.execute(delete(table))
    return generation


def write(shop, generation, batch):
    with generation.writing() as connection:
        merge_into(connection, generation.schema, batch)
        derive_touched(connection, shop.definitions.derived, batch)


def test_bulk_loading_gives_the_rows_that_merging_gives(shop, toys):
    steps = [
        (("ama", "GHS"), {"spent": 3, "first_at": 2}),
        (("é\t\\N\n", "NGN"), {"last_till": ""}),
    ]
    merged, loaded = shop.begin(), shop.generations.begin(shop.definitions)

    write(shop, merged, [changes_of(toys, steps)])
    with loaded.writing() as connection:
        insert_into(connection, loaded.schema, [changes_of(toys, steps)])

    assert shop.rows(toys.totals, loaded) == shop.rows(toys.totals, merged)


def test_text_sorts_by_code_point_on_both_databases(shop, toys):
    generation = shop.begin()
    names = ["b", "B", "a", "_", "é", "Z", "\U0001f600", "￥"]
    write(shop, generation, [changes_of(toys, [((each, "GHS"), {"spent": 1}) for each in names])])

    with generation.reading() as connection:
        found = connection.execute(select(toys.totals.c.buyer).order_by(toys.totals.c.buyer))
        assert [row.buyer for row in found] == sorted(names)


def test_every_table_is_led_by_its_book_and_every_column_says_how_it_merges():
    tables = [*DEFINITIONS.tables, *CHECKPOINTS.tables.values()]

    for table in tables:
        assert table.primary_key.columns.keys() == ["book", *key_names(table)]
        assert all(isinstance(merge_of(column), Merge) for column in table.columns)
        assert all(index.columns.keys()[0] == "book" for index in table.indexes)
        assert not table.foreign_keys
