"""A build shows that its builder is alive, whatever goes wrong in between."""

import time

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from structlog.testing import capture_logs

from projections.engine.generations.generations import Generations
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
    monkeypatch.setattr(Generations, "heartbeat_seconds", 0.01)
    monkeypatch.setattr(shop.generations, "note", failing_once(shop.generations.note, error))

    with build(shop.generations, shop.definitions, Meter(9, lambda _: None)) as generation:

        def heartbeat():
            return next(
                e.heartbeat for e in shop.generations.list() if e.number == generation.number
            )

        assert soon(lambda: heartbeat() > 2)

    assert [entry["thread"] for entry in log] == ["rebuild-heartbeat"]
