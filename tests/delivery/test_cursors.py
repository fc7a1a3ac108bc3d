"""Delivery cursors: written under a lease, all or nothing; attempts are kept for a while."""

import pytest
from statement_scope import offences, recorded

from delivery import cursors
from delivery.cursors import Attempt, Behind, Changes, Cursor, begin, cursors_of, write
from ledger.database import open_engine
from ledger.lease import acquire, release

BOOK, OTHER = "org_a/test", "org_b/test"


@pytest.fixture(params=["sqlite", "postgresql", "cluster"])
def database_url(request):
    return str(request.getfixturevalue(f"{request.param}_url"))


def attempt(position, at="2026-11-28T12:00:00.000000Z", book=BOOK, status=200):
    return Attempt(book, "we_1", "live", position, 1, at, "https://a", status, "ok", 7, "")


def behind(position, lane, state="retrying", book=BOOK):
    due = "2026-11-28T12:00:00.000000Z" if state == "retrying" else ""
    return Behind(book, "we_1", "live", position, lane, state, 1, due)


def noted(*rows, attempts=(), cursor=None):
    changes = Changes(attempts=list(attempts))
    changes.behind = {row.key: row for row in rows}
    if cursor is not None:
        changes.cursors = {(cursor.follower, cursor.cursor): cursor}
    return changes


def test_all_is_written_together_and_read_again(engine):
    lease = acquire(engine, BOOK, "delivery", "me", seconds=60)
    start = Cursor(BOOK, "we_1", "live", 3)
    begin(engine, [start])
    begin(engine, [start._replace(position=9)])
    assert cursors_of(engine, BOOK) == [start]

    moved = start._replace(position=7, failures=2, error="no connection")
    rows = [behind(4, "cus_1"), behind(5, "cus_1", "waiting"), behind(6, "cus_2", "waiting")]
    lost = write(engine, {lease: noted(*rows, attempts=[attempt(8), attempt(4)], cursor=moved)})

    assert lost == set()
    assert cursors_of(engine, BOOK) == [moved]
    assert cursors.lanes_behind(engine, moved) == {"cus_1": 2, "cus_2": 1}
    assert cursors.stranded_lanes(engine, moved) == ["cus_2"]
    noon, before = "2026-11-28T12:00:00.000000Z", "2026-11-28T11:00:00.000000Z"
    assert cursors.first_of(engine, moved, ["cus_1"], noon) == [rows[0]]
    assert cursors.first_of(engine, moved, ["cus_1"], before) == []
    assert cursors.due_lanes(engine, moved, noon, limit=9) == ["cus_1"]
    assert cursors.due_lanes(engine, moved, before, limit=9) == []
    assert cursors.done_after(engine, start) == {4, 5, 6, 8}


def test_who_has_lost_the_lease_writes_nothing(engine):
    lease = acquire(engine, BOOK, "delivery", "me", seconds=60)
    kept = acquire(engine, OTHER, "delivery", "me", seconds=60)
    begin(engine, [Cursor(BOOK, "we_1", "live", 0), Cursor(OTHER, "we_1", "live", 0)])
    release(engine, lease)
    acquire(engine, BOOK, "delivery", "somebody", seconds=60)

    changes = {
        lease: noted(cursor=Cursor(BOOK, "we_1", "live", 5)),
        kept: noted(cursor=Cursor(OTHER, "we_1", "live", 5)),
    }
    assert write(engine, changes) == {lease}

    assert cursors_of(engine, BOOK)[0].position == 0
    assert cursors_of(engine, OTHER)[0].position == 5


def test_attempts_are_forgotten_when_they_are_old(engine):
    lease = acquire(engine, BOOK, "delivery", "me", seconds=60)
    old = [attempt(position, "2026-01-01T00:00:00.000000Z") for position in range(1, 700)]
    write(engine, {lease: noted(attempts=[*old, attempt(700)])})

    forgotten = []
    while count := cursors.forget_attempts(engine, BOOK, "2026-06-01T00:00:00.000000Z"):
        forgotten.append(count)

    assert sum(forgotten) == 699
    assert max(forgotten) <= 500
    assert cursors.done_after(engine, Cursor(BOOK, "we_1", "live", 0)) == {700}


def test_on_a_cluster_each_statement_is_about_one_book(cluster_url):
    engine = open_engine(cluster_url)
    leases = [acquire(engine, book, "delivery", "me", seconds=60) for book in (BOOK, OTHER)]
    begin(engine, [Cursor(book, "we_1", "live", 0) for book in (BOOK, OTHER)])
    with recorded(cluster_url) as sent:
        write(
            engine,
            {
                lease: noted(
                    behind(1, "cus_1", book=lease.book),
                    attempts=[attempt(1, book=lease.book)],
                    cursor=Cursor(lease.book, "we_1", "live", 1),
                )
                for lease in leases
            },
        )
        cursor = Cursor(BOOK, "we_1", "live", 1)
        cursors.due_lanes(engine, cursor, "2027", limit=1)
        cursors.lanes_behind(engine, cursor)
        cursors.stranded_lanes(engine, cursor)
        cursors.first_of(engine, cursor, ["cus_1"], "2027")
        cursors.lanes_behind(engine, cursor, ["cus_1"])
        cursors.done_after(engine, cursor)
        cursors.forget_attempts(engine, BOOK, "2027")
        cursors.forget(engine, leases[0], "we_1")

    assert offences(sent, alone=True) == {}
    engine.dispose()
