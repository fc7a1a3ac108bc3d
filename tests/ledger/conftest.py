"""Appends to choose from, and ways to have them written."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.append import Append, Claim, NewFact, Reply
from ledger.batch import Batch
from ledger.writer_connection import WriterConnection

BOOK = "org_x/test"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class ManualClock:
    """A clock that stands still until it is moved, in either direction."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def move(self, **duration):
        self.now += timedelta(**duration)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def facts():
    """``facts("pay_1", 1, 2)``: facts of a stream with these versions."""

    def make(stream, *versions, data="{}"):
        return tuple(NewFact(stream, version, "payment.noted", data) for version in versions)

    return make


@pytest.fixture
def created(facts):
    """An append that begins a stream."""

    def make(stream, *, book=BOOK, **more):
        return Append(book, facts(stream, 1), {stream: 0}, **more)

    return make


@pytest.fixture
def external_id():
    def make(stream, value="VIP"):
        return Claim("external_id", value, stream)

    return make


@pytest.fixture
def reply(clock):
    def make(key="key", fingerprint="body", body='{"n": 1}', **lasting):
        return Reply(key, fingerprint, 201, body, clock() + timedelta(**(lasting or {"days": 1})))

    return make


@pytest.fixture
def together(engine, clock):
    """Writes appends as one batch; their outcomes."""

    def write(*appends):
        batch = Batch(appends)
        writer = WriterConnection(engine)
        try:
            return batch.write(writer, clock).outcomes
        finally:
            writer.release()

    return write
