"""What is cut short is tried again."""

import pytest
from sqlalchemy.exc import OperationalError

from projections.engine.generations import database_errors
from projections.engine.generations.database_errors import patiently


def test_what_was_cut_short_is_tried_again_though_this_process_stood_still_meanwhile(monkeypatch):
    monkeypatch.setattr(database_errors, "_GIVE_UP_SECONDS", -1)
    cut = [OperationalError(None, None, Exception("connection timeout expired"))]

    def attempt():
        if cut:
            raise cut.pop()
        return "done"

    assert patiently(attempt) == "done"


def test_a_database_that_stays_away_is_given_up(monkeypatch):
    monkeypatch.setattr(database_errors, "_GIVE_UP_SECONDS", -1)
    attempts = []

    def attempt():
        attempts.append(1)
        raise OperationalError(None, None, Exception("connection timeout expired"))

    with pytest.raises(OperationalError):
        patiently(attempt)

    assert len(attempts) == 2
