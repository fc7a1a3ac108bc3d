"""How long a session of the console lasts, and what ends it."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.console_session import SESSION, ConsoleSession

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def session():
    session = ConsoleSession.begin(
        "ses_1", key_id="key_1", secret_sha256="0" * 64, device="Firefox on Linux", now=NOW
    )
    session.collect_events()
    return session


def recorded(session):
    return [type(fact).__name__ for fact in session.collect_events()]


def test_it_is_over_when_nobody_has_used_it_for_half_a_day(session):
    assert session.is_open(NOW + 12 * HOUR - timedelta(seconds=1))
    assert not session.is_open(NOW + 12 * HOUR)


def test_whoever_uses_it_stays_but_for_thirty_days_at_most(session):
    moment = NOW
    while session.is_open(moment):
        session.note_use(moment)
        moment += 6 * HOUR

    assert moment == NOW + 30 * DAY


def test_its_use_is_noted_every_ten_minutes_at_most(session):
    session.note_use(NOW + timedelta(minutes=9))
    assert recorded(session) == []

    session.note_use(NOW + timedelta(minutes=10))
    assert recorded(session) == ["Used"]


def test_no_use_opens_again_what_is_over(session):
    session.note_use(NOW + 13 * HOUR)
    assert recorded(session) == []

    session.end("signed_out", NOW)
    session.note_use(NOW + HOUR)
    assert recorded(session) == ["Ended"]


def test_it_ends_once(session):
    session.end("signed_out", NOW)
    session.end("ended", NOW + HOUR)

    assert recorded(session) == ["Ended"]
    assert session.ending == "signed_out"


def test_it_is_found_by_whose_it_is_until_it_has_ended(session):
    assert session.found_by == {(SESSION, "key_1 ses_1")}

    session.end("signed_out", NOW)

    assert session.found_by == frozenset()
