"""Lists of deliveries are read from an index, however many deliveries there were."""

import pytest
from sqlalchemy import event
from tables import make_tables

from delivery.cursors import Cursor
from delivery.webhooks.outbound import Wanted, outbound
from delivery.webhooks.waiting import Telling, waiting
from ledger.database import open_engine


@pytest.fixture
def plan(sqlite_url):
    """What SQLite would do for a list, step by step."""
    engine = open_engine(sqlite_url)
    make_tables(engine)
    asked = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    def plan(part="FROM main.deliver", **wanted):
        with engine.connect() as connection:
            if wanted.get("status") == "pending":
                cursor = Cursor("org_1/test", "we_1", "live", 0)
                telling = Telling(cursor, frozenset({"payment.created"}), 0, end=1_000_000)
                waiting(connection, "org_1/test", [telling], Wanted(**wanted), limit=50)
            else:
                outbound(connection, "org_1/test", Wanted(**wanted), limit=50)
            statement, parameters = next(each for each in asked if part in each[0])
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return [step.detail for step in steps]

    yield plan
    engine.dispose()


@pytest.mark.parametrize("wanted", [{}, {"status": "succeeded"}, {"topics": ["payment.created"]}])
def test_what_was_sent_last_is_found_by_its_moment(plan, wanted):
    steps = plan(**wanted)

    assert "USING INDEX delivery_attempts_at" in steps[0]
    assert not any(step.startswith("SCAN") for step in steps)
    # Only what was sent at the same moment is put in order.
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps


@pytest.mark.parametrize("status", ["pending", "delivering", "failed"])
def test_what_has_not_arrived_is_found_among_what_is_behind(plan, status):
    steps = plan(status=status)

    assert "deliveries USING PRIMARY KEY" in steps[0]
    assert not any(step.startswith("SCAN") for step in steps)


def test_what_waits_behind_one_cursor_is_in_order_already(plan):
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan(status="pending")


def test_what_nobody_has_come_to_is_found_by_its_positions(plan):
    steps = plan(status="pending", part="BETWEEN")

    [step] = steps
    assert "USING PRIMARY KEY (book=? AND position>? AND position<?)" in step
