"""Supervised threads: one goes on whatever goes wrong in it, and ends when it is meant to."""

import threading
from concurrent.futures import Future

import pytest
from structlog.testing import capture_logs

from ledger import supervised_threads, waiting
from ledger.append import Done
from ledger.errors import LedgerUnavailable
from ledger.supervised_threads import repeated, supervised_thread

PATIENCE_SECONDS = 20


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(supervised_threads, "_FIRST_PAUSE_SECONDS", 0.001)


def test_a_thread_goes_on_after_an_error_and_ends_when_its_work_is_done():
    attempts = []

    def work():
        attempts.append(len(attempts))
        if len(attempts) < 4:
            raise RuntimeError("nobody expects this")

    thread = supervised_thread(work, name="worker", closing=threading.Event())
    with capture_logs() as entries:
        thread.start()
        thread.join(PATIENCE_SECONDS)

    assert attempts == [0, 1, 2, 3]
    assert [(entry["thread"], entry["log_level"]) for entry in entries] == [("worker", "error")] * 3


def test_a_store_that_is_away_is_one_line_however_often_a_thread_asks_for_it():
    attempts = []

    def work():
        attempts.append(len(attempts))
        if len(attempts) < 8:
            raise LedgerUnavailable("the store cannot be reached")

    thread = supervised_thread(work, name="worker", closing=threading.Event())
    with capture_logs() as entries:
        thread.start()
        thread.join(PATIENCE_SECONDS)

    assert len(attempts) == 8
    assert entries == [
        {
            "event": "a thread waits for the store",
            "log_level": "warning",
            "thread": "worker",
            "reason": "the store cannot be reached",
            "times": 1,
        }
    ]


def test_a_thread_that_fails_for_ever_ends_when_it_is_told_to():
    closing, failed = threading.Event(), threading.Event()

    def work():
        failed.set()
        raise RuntimeError("nobody expects this")

    thread = supervised_thread(work, name="worker", closing=closing)
    with capture_logs():
        thread.start()
        assert failed.wait(PATIENCE_SECONDS)
        closing.set()
        thread.join(PATIENCE_SECONDS)

    assert not thread.is_alive()


def test_what_is_repeated_goes_on_after_an_error_and_ends_with_its_context():
    enough, attempts = threading.Event(), []

    def work(closing):
        attempts.append(closing)
        if len(attempts) == 3:
            enough.set()
        raise RuntimeError("nobody expects this")

    with capture_logs() as entries, repeated(work, name="worker", every_seconds=0.001):
        assert enough.wait(PATIENCE_SECONDS)

    assert entries[0]["thread"] == "worker"
    assert all(closing.is_set() for closing in attempts)
    assert "worker" not in {thread.name for thread in threading.enumerate()}


def test_what_is_repeated_begins_after_the_first_pause():
    attempts = []

    with repeated(attempts.append, name="worker", every_seconds=0, first_after_seconds=60):
        pass

    assert attempts == []


class Leaving(Future):
    """Somebody who stops waiting just when the answer is handed over."""

    def done(self):
        self.cancel()
        return False


def test_who_leaves_just_now_keeps_nobody_from_an_answer():
    leaving, staying = Leaving(), Future()

    waiting.resolve_futures([(leaving, Done(1)), (staying, Done(2))])

    assert leaving.cancelled()
    assert staying.result(timeout=0) == Done(2)


def test_the_writer_outlives_an_error_in_what_it_does_after_a_batch(ledger, created, monkeypatch):
    resolve_futures, failures = waiting.resolve_futures, [RuntimeError("nobody expects this")]

    def stumble(answers):
        if failures:
            raise failures.pop()
        resolve_futures(answers)

    monkeypatch.setattr(waiting, "resolve_futures", stumble)

    with pytest.raises(RuntimeError, match="nobody expects this"):
        ledger.submit(created("pay_1")).result(PATIENCE_SECONDS)
    assert ledger.submit(created("pay_2")).result(PATIENCE_SECONDS) == Done(2)
