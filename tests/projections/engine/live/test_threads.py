"""No thread of the engine ends because of an error that nobody named."""

import time

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from structlog.testing import capture_logs

from ledger.database import writing
from ledger.schema import lanes as lane_rows
from projections.engine.live import leases
from projections.engine.live import notifications as hints_module
from projections.engine.live.lanes import LANES, LeasedLanes, lane_of
from projections.engine.live.notifications import Hints
from projections.engine.rebuilding import heartbeat as building_module
from projections.engine.rebuilding.heartbeat import Meter, build

PATIENCE_SECONDS = 20


@pytest.fixture(autouse=True)
def log():
    with capture_logs() as entries:
        yield entries


def soon(is_so):
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)
    return is_so()


def failing_once(work, error):
    """`work`, which fails the first time."""
    failures = [error]

    def attempt(*arguments, **named):
        if failures:
            raise failures.pop()
        return work(*arguments, **named)

    return attempt


@pytest.mark.parametrize("error", [PoolTimeoutError("none is free"), RuntimeError("unexpected")])
def test_a_build_shows_its_heartbeat_again_after_an_error(shop, log, monkeypatch, error):
    monkeypatch.setattr(building_module, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(shop.generations, "note", failing_once(shop.generations.note, error))

    with build(shop.generations, shop.definitions, Meter(9, lambda _: None)) as generation:

        def heartbeat():
            return next(
                e.heartbeat for e in shop.generations.list() if e.number == generation.number
            )

        assert soon(lambda: heartbeat() > 2)

    assert [entry["thread"] for entry in log] == ["rebuild-heartbeat"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_lanes_are_renewed_again_after_an_error(engine, log, monkeypatch):
    def renewed():
        with engine.connect() as connection:
            return all(connection.execute(select(lane_rows.c.expires_at > 0)).scalars())

    with LeasedLanes(engine, views="ours", lease_seconds=0.5) as lanes:
        monkeypatch.setattr(leases, "renew", failing_once(leases.renew, RuntimeError("unexpected")))
        assert soon(lambda: log)
        with writing(engine) as connection:
            connection.execute(update(lane_rows).values(expires_at=0))

        assert soon(renewed)
        assert len(lanes.held) == LANES

    assert [entry["thread"] for entry in log] == ["lanes"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_hints_are_heard_after_one_that_could_not_be_followed(engine, log):
    heard = []

    def hear(heads):
        heard.append(heads)
        if len(heard) == 1:
            raise RuntimeError("unexpected")

    def told():
        with writing(engine) as connection:
            connection.execute(select(func.pg_notify("whence_heads", '{"org_1/test":1}')))
        return len(heard) > 1

    lanes = LeasedLanes(engine, views="ours", lease_seconds=60)
    with Hints(engine, lanes, heard=hear):
        assert soon(told)

    assert [entry["thread"] for entry in log] == ["hints-listener"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_hints_are_sent_after_one_that_could_not_be_written(engine, log, monkeypatch):
    crowd = [LeasedLanes(engine, views="ours", lease_seconds=60) for _ in range(2)]
    for each in crowd * 3:
        each.look_after()
    heard = []
    failing = failing_once(hints_module.writing, RuntimeError("unexpected"))
    monkeypatch.setattr(hints_module, "writing", failing)
    book = next(f"org_{n}" for n in range(99) if lane_of(f"org_{n}") in crowd[1].held)

    with Hints(engine, crowd[0], heard=heard.append) as hints:
        assert soon(lambda: hints.tell({book: 7}) or heard)

    assert heard[0] == {book: 7}
    assert [entry["thread"] for entry in log] == ["hints-sender"]
