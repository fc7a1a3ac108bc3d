"""A page begins after the last row of the page before, whatever is sorted by."""

import random

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings
from sqlalchemy import event, select, text

from projections.engine.folding.changes import Changes
from projections.engine.folding.row_writer import merge_into
from projections.engine.querying.pages import BadCursor, By, cursor_at, fetch_page

SORTABLE = ["spent", "payments", "first_at", "last_at", "first_source", "currency"]


@pytest.fixture
def filled(shop, toys):
    """Rows with many ties and many nulls."""
    chance = random.Random(3)
    changes = Changes(toys.BOOK)
    for n in range(60):
        changes.merge(
            toys.totals,
            (f"buyer_{n // 2}", ["GHS", "NGN"][n % 2]),
            spent=chance.randrange(3),
            payments=chance.randrange(2),
            first_at=chance.choice([None, 1, 2]),
            first_source=chance.choice([None, "api", "é"]),
            last_at=chance.choice([None, 5]),
        )
    generation = shop.begin()
    with generation.writing() as connection:
        merge_into(connection, generation.schema, [changes])
    return generation


orders = st.lists(
    st.tuples(st.sampled_from(SORTABLE), st.booleans()), max_size=3, unique_by=lambda x: x[0]
)


@given(columns=orders, descending=st.booleans(), limit=st.integers(min_value=4, max_value=25))
@example(columns=[], descending=False, limit=1)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_pages_by_cursor_are_the_pages_by_offset(filled, toys, columns, descending, limit):
    order = [By(toys.totals.c[column], way) for column, way in columns]
    order += [By(toys.totals.c.buyer, descending), By(toys.totals.c.currency, descending)]
    statement = select(toys.totals.c.buyer, toys.totals.c.currency)

    with filled.reading() as connection:
        by_cursor, cursor = [], None
        while True:
            page = fetch_page(connection, statement, order, limit=limit, cursor=cursor)
            by_cursor.append([row[:2] for row in page.rows])
            cursor = page.next_cursor
            if cursor is None:
                break
        by_offset = [
            [
                row[:2]
                for row in fetch_page(connection, statement, order, limit=limit, offset=start).rows
            ]
            for start in range(0, 60, limit)
        ]

    assert by_cursor == by_offset
    assert sum(len(page) for page in by_cursor) == 60


@pytest.mark.parametrize(
    "token", ["", "?", "é", "bm90IGpzb24", "W10", "WzEsMl0", "bnVsbA", "x" * 5000]
)
def test_a_token_from_nowhere_is_refused(shop, toys, token):
    generation = shop.begin()
    order = [By(toys.totals.c.spent), By(toys.totals.c.buyer)]

    with generation.reading() as connection, pytest.raises(BadCursor):
        fetch_page(connection, select(toys.totals.c.book), order, limit=1, cursor=token)


@pytest.mark.parametrize(
    "values", [["a", "b"], [1], [2**70, "b"], [1, "\x00"], [True, "b"], [None, "b"]]
)
def test_a_token_with_wrong_values_is_refused(shop, toys, values):
    generation = shop.begin()
    order = [By(toys.totals.c.spent), By(toys.totals.c.buyer)]

    with generation.reading() as connection, pytest.raises(BadCursor):
        fetch_page(
            connection,
            select(toys.totals.c.book),
            order,
            limit=1,
            cursor=cursor_at(order, values),
        )


def test_a_token_of_another_order_is_refused(shop, toys):
    generation = shop.begin()
    token = cursor_at([By(toys.totals.c.spent), By(toys.totals.c.buyer)], [1, "ama"])
    other = [By(toys.totals.c.spent, descending=True), By(toys.totals.c.buyer)]

    with generation.reading() as connection, pytest.raises(BadCursor):
        fetch_page(connection, select(toys.totals.c.book), other, limit=1, cursor=token)


def test_a_later_page_is_found_through_the_index(filled, toys):
    order = [By(toys.totals.c.spent, descending=True), By(toys.totals.c.buyer)]
    where = (toys.totals.c.book == toys.BOOK) & (toys.totals.c.currency == "GHS")
    statement = select(toys.totals.c.buyer).where(where)

    with filled.reading() as connection:
        if connection.dialect.name == "postgresql":
            # So small a table would be read whole.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        token = fetch_page(connection, statement, order, limit=3).next_cursor
        asked = []
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
        fetch_page(connection, statement, order, limit=3, cursor=token)
        plan = explained(connection, *asked[0])

    assert "toy_totals_1" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def explained(connection, statement, parameters):
    word = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    rows = connection.exec_driver_sql(f"{word} {statement}", parameters)
    return "\n".join(str(row) for row in rows)
