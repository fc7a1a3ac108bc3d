"""Reply cleanup: expired replies are forgotten without anybody asking."""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from ledger.append import Append, Reply
from ledger.schema import replies
from whence.reply_cleanup import cleaning_up

PATIENCE_SECONDS = 20


def test_expired_replies_are_forgotten_while_the_service_runs(ledger, engine):
    def kept():
        with engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(replies)).scalar()

    now = datetime.now(UTC)
    ledger.append(Append("org_x/test", reply=Reply("old", "f", 200, "{}", now)))
    ledger.append(
        Append("org_x/test", reply=Reply("new", "f", 200, "{}", now + timedelta(hours=1)))
    )

    with cleaning_up(ledger, every_seconds=0.01):
        until = time.monotonic() + PATIENCE_SECONDS
        while kept() > 1 and time.monotonic() < until:
            time.sleep(0.01)

    assert kept() == 1
    assert ledger.reply("org_x/test", "new") is not None


def test_a_service_stops_while_it_tidies(ledger):
    for number in range(100):
        ledger.append(Append(f"org_{number}/test"))

    began = time.monotonic()
    with cleaning_up(ledger):
        pass

    assert time.monotonic() - began < PATIENCE_SECONDS / 10
