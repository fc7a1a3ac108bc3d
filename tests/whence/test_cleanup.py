"""Cleanup: what is kept for a while is forgotten without anybody asking."""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from waiting import awaited

from delivery.cursors import Attempt
from delivery.workflows.executions import attempts_of
from ledger.append import Append, Reply
from ledger.bulk_statements import put_rows
from ledger.clock import written
from ledger.database import writing
from ledger.schema import delivery_attempts, replies
from whence.cleanup import cleaning_up

PATIENCE_SECONDS = 20
# Address, status, answer, milliseconds, error.
_SAID = ("", 0, "", 3, "it is in trouble itself")


def test_expired_replies_are_forgotten_while_the_service_runs(ledger, engine):
    def kept():
        with engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(replies)).scalar()

    now = datetime.now(UTC)
    ledger.append(Append("org_x/test", reply=Reply("old", "f", 200, "{}", now)))
    ledger.append(
        Append("org_x/test", reply=Reply("new", "f", 200, "{}", now + timedelta(hours=1)))
    )

    with cleaning_up(ledger, attempts_days=90, every_seconds=0.01):
        until = time.monotonic() + PATIENCE_SECONDS
        while kept() > 1 and time.monotonic() < until:
            time.sleep(0.01)

    assert kept() == 1
    assert ledger.reply("org_x/test", "new") is not None


def test_attempts_are_forgotten_after_as_many_days_as_a_setting_says(ledger, engine):
    now = datetime.now(UTC)
    ledger.append(Append("org_x/test", reply=Reply("a key", "f", 200, "{}", now)))
    made = [
        Attempt("org_x/test", "wf_1", "0", 7, number, written(now - timedelta(days=days)), *_SAID)
        for number, days in ((1, 8), (2, 6))
    ]
    with writing(engine) as connection:
        put_rows(connection, delivery_attempts, made)

    with cleaning_up(ledger, attempts_days=7, every_seconds=0.01):
        awaited(lambda: list(attempts_of(engine, "org_x/test", "wf_1", 7)[0]) == made[1:])


def test_a_service_stops_while_it_tidies(ledger):
    for number in range(100):
        ledger.append(Append(f"org_{number}/test"))

    began = time.monotonic()
    with cleaning_up(ledger, attempts_days=90):
        pass

    assert time.monotonic() - began < PATIENCE_SECONDS / 10
