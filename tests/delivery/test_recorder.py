"""Recorder: what cannot be written of one cursor keeps no other from being recorded."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from delivery.cursors import Attempt, Changes, Cursor, begin, cursors_of
from delivery.recorder import Recorder
from ledger.lease import acquire

pytestmark = pytest.mark.anyio

BOOK, OTHER = "org_a/test", "org_b/test"
TOO_MUCH = 2**70


@dataclass(eq=False)
class Told:
    """An endpoint of which all facts up to a position were told."""

    book: str
    follower: str
    position: int = 5
    changes: Changes = field(default_factory=Changes)

    def row(self):
        return Cursor(self.book, self.follower, "live", self.position)

    def answered(self, *, milliseconds):
        at = "2026-11-28T12:00:00.000000Z"
        row = (self.book, self.follower, "live", 5, 1, at, "https://a", 200, "ok", milliseconds, "")
        self.changes.attempts = [Attempt(*row)]


@pytest.fixture
def recorder(engine):
    with ThreadPoolExecutor(1) as executor:
        yield Recorder(engine, executor, stuck_seconds=0.01)


@pytest.fixture
def leases(engine):
    return {book: acquire(engine, book, "delivery", "me", seconds=60) for book in (BOOK, OTHER)}


def position(engine, told):
    rows = {row.follower: row for row in cursors_of(engine, told.book)}
    return rows[told.follower].position if told.follower in rows else 0


async def test_one_that_cannot_be_written_stops_alone_until_it_can(engine, recorder, leases):
    stuck, beside, apart = Told(BOOK, "we_1"), Told(BOOK, "we_2"), Told(OTHER, "we_3")
    begin(engine, [each.row()._replace(position=0) for each in (stuck, beside, apart)])
    stuck.answered(milliseconds=TOO_MUCH)
    for each in (stuck, beside, apart):
        recorder.note(each, leases[each.book])

    await recorder.write_now()

    assert [position(engine, each) for each in (stuck, beside, apart)] == [0, 5, 5]
    assert [recorder.is_stuck(each) for each in (stuck, beside, apart)] == [True, False, False]

    stuck.answered(milliseconds=7)
    while recorder.is_stuck(stuck):
        await asyncio.sleep(0.01)
        await recorder.write_now()

    assert position(engine, stuck) == 5
