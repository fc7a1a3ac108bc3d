"""Rebuilds and verifications that were asked of the service, which goes on serving meanwhile."""

from datetime import UTC, datetime

import httpx2
import pytest
from generations import building, serving_number
from server import PATIENCE_SECONDS, found_shop
from sqlalchemy import update
from waiting import awaited

from ledger.database import open_engine
from ledger.schema import maintenance_runs
from projections.engine.rebuilding.runs import Runs


class Keeper:
    """Somebody who may work on the whole store; asks a server."""

    def __init__(self, server):
        self._server = server
        self._headers = {"X-Reevit-Key": found_shop(server).test_key}

    def do(self, path):
        return self._ask("POST", path)

    @property
    def system(self):
        return self._ask("GET", "/v1/system")

    @property
    def latest(self):
        return self.system["runs"][0]

    def over(self):
        """The latest run, once it is."""
        awaited(lambda: self.latest["ended_at"] is not None)
        return self.latest

    def _ask(self, method, path):
        with httpx2.Client(base_url=self._server.url, headers=self._headers, timeout=30) as client:
            answer = client.request(method, path)
            assert answer.is_success, answer.text
            return answer.json()


@pytest.fixture
def server(new_server):
    server = new_server(WHENCE_SYSTEM_OPERATORS="*")
    assert server.whence("db", "upgrade").returncode == 0
    return server


def leave_a_run_behind(server):
    """A rebuild that somebody began with who is gone without a word."""
    engine = open_engine(server.database_url)
    runs = Runs(engine, lambda: datetime.now(UTC))
    runs.ask("rebuild", organization="", asked_by="operator")
    runs.take(holder="gone")
    with engine.begin() as connection:
        connection.execute(update(maintenance_runs).values(held_until=1))
    engine.dispose()


def latest_of(server):
    engine = open_engine(server.database_url)
    [run, *_] = Runs(engine, lambda: datetime.now(UTC)).latest()
    engine.dispose()
    return run


def test_the_service_begins_again_what_was_left_behind_and_proves_what_it_serves(server):
    leave_a_run_behind(server)

    server.start()
    keeper = Keeper(server)
    rebuilt = keeper.over()
    accepted = keeper.do("/v1/system/verify")
    awaited(lambda: keeper.latest["state"] != "waiting")
    server.stop()
    left = latest_of(server)
    server.start()
    verified = keeper.over()

    assert (rebuilt["state"], rebuilt["kind"], rebuilt["progress"]) == ("done", "rebuild", 1.0)
    assert rebuilt["report"]["generation"] == serving_number(server)
    assert left.state in {"waiting", "done"}
    assert verified["number"] == accepted["number"]
    assert (verified["state"], verified["report"]["sound"]) == ("done", True)
    assert verified["report"]["faults"] == []


def test_a_rebuild_is_ended_wherever_it_is_and_leaves_the_service_alone(
    next_release, held_release, merchant
):
    next_release.start()
    merchant.sell(next_release)
    keeper = Keeper(next_release)
    rebuilding = held_release.begin("rebuild")
    awaited(lambda: keeper.system["running"] and building(next_release))
    running = keeper.system["running"]

    canceled = keeper.do(f"/v1/system/runs/{running['number']}/cancel")

    assert running["state"] == "running"
    assert canceled["state"] == "canceled"
    assert rebuilding.wait(PATIENCE_SECONDS) == 1
    assert building(next_release) == []
    assert keeper.system["running"] is None
    assert merchant.payments(next_release) == 1
