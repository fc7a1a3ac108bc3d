"""Whoever watches over the service is told what keeps it from its work."""

import asyncio
import signal

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event
from waiting import awaited

from api.http.request_state import RequestState
from ledger.append import Append, NewFact
from ledger.errors import StoreFull
from whence.health import add_health
from whence.metrics import Metrics
from whence.settings import Settings
from whence.wiring import projecting, recording

BOOK = "org_00000000000000000000000001/test"


@pytest.fixture
def settings(sqlite_url):
    return Settings(database_url=sqlite_url)


def ready(ledger, reading):
    """Status and body of the answer to whoever watches."""
    app = FastAPI()
    app.state.dependencies = None
    add_health(app, ledger, reading.projector, reading.serving, Metrics())

    async def serve(scope, receive, send):
        RequestState("req_1", {}).join(scope)
        await app(scope, receive, send)

    async def ask():
        transport = httpx.ASGITransport(serve)
        async with httpx.AsyncClient(transport=transport, base_url="http://whence") as client:
            return await client.get("/readyz")

    answer = asyncio.run(ask())
    return answer.status_code, answer.json()


def noted(size=1):
    fact = NewFact("cus_1", 1, "customer.noted", f'{{"note": "{"-" * size}"}}')
    return Append(BOOK, (fact,), {"cus_1": 0})


def test_a_full_disk_is_told_until_there_is_room(settings):
    room = {"pages": 2**30}
    with recording(settings) as ledger:
        event.listen(
            ledger.engine,
            "begin",
            lambda db: db.exec_driver_sql(f"PRAGMA max_page_count = {room['pages']}"),
        )
        with projecting(settings, ledger) as reading:
            ledger.append(Append("org_00000000000000000000000002/test"))
            room["pages"] = 1
            with pytest.raises(StoreFull):
                ledger.append(noted(100_000))

            full = ready(ledger, reading)
            room["pages"] = 2**30
            well = ready(ledger, reading)

    assert full == (503, {"status": "not ready", "store": "full", "failure": "StoreFull"})
    assert (well[0], well[1]["status"]) == (200, "ready"), well


def test_a_ledger_that_is_taken_away_is_told_by_everybody_until_it_is_back(start, tmp_path):
    service = start("serve")
    url, key = service.url, service.key()
    file, away = tmp_path / "ledger.db", tmp_path / "elsewhere.db"
    with httpx.Client(base_url=url, headers={"X-Reevit-Key": key}, timeout=60) as client:
        client.post("/v1/customers", json={}).raise_for_status()
        file.rename(away)

        refused = [client.post("/v1/customers", json={}) for _ in range(5)]
        unready = client.get("/readyz")
        away.rename(file)
        taken = client.post("/v1/customers", json={})
        awaited(lambda: client.get("/readyz").status_code == 200)
        listed = client.get("/v1/customers").json()["customers"]
    service.stopped(signal.SIGTERM)

    assert {answer.status_code for answer in refused} == {503}
    assert refused[0].json()["code"] == "ledger_unavailable"
    assert refused[0].json()["details"] == {"reason": "file_replaced"}
    assert int(refused[0].headers["Retry-After"]) > 0
    assert (unready.status_code, unready.json()["store"]) == (503, "replaced")
    assert (taken.status_code, len(listed)) == (201, 2)
    assert service.output.count('"event": "unavailable"') == 1
    assert "Traceback" not in service.output
