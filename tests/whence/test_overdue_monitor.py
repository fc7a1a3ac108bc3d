"""Overdue monitor: it is noticed when nobody bills."""

from datetime import UTC, datetime, timedelta

import pytest
import structlog

from ledger.append import Append, Claim
from ledger.clock import written
from whence.overdue_monitor import OverdueMonitor

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def due(ledger):
    def due(at, book="org_x/test", stream="sub_1"):
        ledger.append(Append(book, claims=(Claim("due", f"{written(at)}\n{stream}", stream),)))

    return due


@pytest.fixture
def look(ledger):
    """Looks at a moment; for how long something was due, and what was logged."""
    now = [NOW]
    seen = []
    monitor = OverdueMonitor(ledger, clock=lambda: now[0], billing_seconds=1.0, gauge=seen.append)

    def look(at):
        now[0] = at
        with structlog.testing.capture_logs() as logged:
            seconds = monitor.look()
        assert seen[-1] == seconds
        return seconds, [entry["overdue_seconds"] for entry in logged]

    return look


def test_nothing_is_late_where_nothing_is_due(look, due):
    assert look(NOW) == (0, [])

    due(NOW + timedelta(days=1))

    assert look(NOW) == (0, [])


def test_of_all_books_the_oldest_counts(look, due):
    due(NOW - timedelta(seconds=20))
    due(NOW - timedelta(seconds=30), book="org_y/live")
    due(NOW - timedelta(seconds=10), book="org_z/live")

    assert look(NOW) == (30, [])


def test_what_is_late_is_said_once_and_then_every_hour(look, due, ledger):
    due(NOW)
    minute = timedelta(minutes=1)

    said = [look(NOW + minutes * minute)[1] for minutes in (5, 10, 11, 69, 70, 71)]

    assert said == [[], [600], [], [], [4200], []]
    claim = Claim("due", f"{written(NOW)}\nsub_1", "sub_1")
    ledger.append(Append("org_x/test", releases=(claim,)))
    assert look(NOW + 72 * minute) == (0, [])
    due(NOW)
    assert look(NOW + 73 * minute)[1] == [73 * 60]
