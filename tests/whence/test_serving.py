"""Server processes: the service starts, says once how to get in, and stops without a loss."""

import asyncio
import json
import re
import signal
import socket
import time
import urllib.request
from datetime import UTC, datetime

import psutil
import psycopg
import pytest
from waiting import awaited, is_over

from ledger.append import Append, NewFact
from ledger.database import open_engine, upgrade
from ledger.ledger import Ledger
from projections.engine.folding.checkpoints import checkpoints, read_checkpoints
from projections.engine.generations.database_errors import patiently
from whence.serve import Served
from whence.settings import Settings
from whence.wiring import projecting, recording

pytestmark = pytest.mark.takes_long


def create_customer(
    url: str, key: str, body: bytes = b'{"external_id": "usr_1"}'
) -> dict[str, object]:
    request = urllib.request.Request(  # noqa: S310 (our own server)
        f"{url}/v1/customers",
        data=body,
        headers={"X-Reevit-Key": key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own server)
        return json.load(answer)


def test_the_first_start_writes_an_organization_two_keys_and_a_curl_to_a_file_once(start, tmp_path):
    first = start("serve")
    key, live_key = first.key(), first.key("live")
    customer = create_customer(first.url, key)

    code = first.stopped(signal.SIGINT)
    second = start("serve")
    status, _ = second.answer("/readyz")

    assert code == 0, first.output
    written = (tmp_path / "keys.txt").read_text()
    assert re.search(r"org_[0-9a-z]{26}", written)
    assert f"curl {first.url}/v1/customers" in written
    assert written.count(live_key) == 1
    assert (tmp_path / "keys.txt").stat().st_mode & 0o777 == 0o600
    assert "pfk_" not in first.output + second.output
    assert "keys.txt" not in second.output
    assert status == 200
    assert lookup(second.url, key)["id"] == customer["id"]


def lookup(url: str, key: str) -> dict[str, object]:
    request = urllib.request.Request(  # noqa: S310 (our own server)
        f"{url}/v1/customers/lookup?external_id=usr_1", headers={"X-Reevit-Key": key}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own server)
        return json.load(answer)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_stops_it_cleanly(start, stop):
    service = start("serve")
    assert service.answer("/healthz")[0] == 200

    code = service.stopped(stop)

    assert code == 0, service.output
    assert "Traceback" not in service.output


def test_nothing_secret_is_logged(start):
    service = start("serve", WHENCE_LOG_LEVEL="debug")
    key = service.key()
    create_customer(service.url, key)
    lookup(service.url, key)
    service.stopped(signal.SIGTERM)

    logged = [line for line in service.said if line.startswith("{")]

    assert logged
    assert key not in "".join(logged)
    assert key.split(".")[1] not in "".join(logged)


def test_health_and_metrics_are_told(start):
    service = start("serve")

    ready_status, ready = service.answer("/readyz")
    metrics_status, metrics = service.answer("/metrics")

    assert ready_status == 200
    assert json.loads(ready)["status"] == "ready"
    assert json.loads(ready)["parked_books"] == 0
    # Nobody needs a key for it: what it says must not count what is recorded.
    assert json.loads(ready)["views"] == {"state": "serving", "behind": 0, "failure": None}
    assert metrics_status == 200
    assert b"whence_projection_lag_facts" in metrics
    assert b'whence_requests_total{method="GET",route="/readyz",status="200"}' in metrics


def test_a_browser_of_an_allowed_origin_may_read_the_metrics(start):
    service = start("serve", WHENCE_CORS_ORIGINS="https://shop.example")
    service.answer("/healthz")

    allowed = {}
    for path in ("/metrics", "/readyz"):
        request = urllib.request.Request(  # noqa: S310 (our own server)
            f"{service.url}{path}", headers={"Origin": "https://shop.example"}
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own server)
            allowed[path] = answer.headers["Access-Control-Allow-Origin"]

    assert allowed == {"/metrics": "https://shop.example", "/readyz": None}


@pytest.mark.parametrize(
    ("only", "commands", "queries"), [("commands", 401, 405), ("queries", 405, 401)]
)
def test_either_side_can_be_served_alone(start, only, commands, queries):
    service = start("serve", "--only", only)
    service.answer("/healthz")

    request = urllib.request.Request(f"{service.url}/v1/customers", data=b"{}", method="POST")  # noqa: S310 (our own server)
    with pytest.raises(urllib.error.HTTPError) as command:
        urllib.request.urlopen(request)  # noqa: S310 (our own server)
    command.value.close()

    assert command.value.code == commands
    assert service.answer("/v1/customers")[0] == queries


def test_the_projector_runs_alone(start):
    projector = start("project")
    projector.awaited("(projecting)")

    assert projector.stopped(signal.SIGTERM) == 0


@pytest.mark.parametrize("command", ["rebuild", "verify"])
def test_a_command_knows_every_fact_by_itself(start, command):
    assert start("demo", "--customers", "5", "--payments", "20").ended() == 0

    alone = start(command)

    assert alone.ended() == 0, alone.output


def test_events_are_followed_as_they_come(start):
    service = start("serve")
    service.answer("/readyz")
    follower = start("events", "--follow", "--json")

    follower.awaited('("topic":"organization.founded")')
    create_customer(service.url, service.key())

    follower.awaited('("topic":"customer.registered")')
    assert follower.stopped(signal.SIGINT) == 0


def test_several_workers_serve_one_postgresql(start, postgresql_url):
    service = start("serve", "--workers", "2", WHENCE_DATABASE_URL=postgresql_url)
    key = service.key()

    customer = create_customer(service.url, key)

    assert {lookup(service.url, key)["id"] for _ in range(10)} == {customer["id"]}
    assert service.stopped(signal.SIGTERM) == 0


def test_workers_end_with_the_process_that_started_them_also_when_it_is_killed(
    start, postgresql_url
):
    service = start("serve", "--workers", "2", WHENCE_DATABASE_URL=postgresql_url)
    assert service.answer("/healthz")[0] == 200
    workers = psutil.Process(service.process.pid).children()

    service.process.kill()

    awaited(lambda: all(map(is_over, workers)))
    assert len(workers) > 1


def test_a_service_that_leaves_folding_to_others_answers_from_what_they_folded(
    start, postgresql_url
):
    shared = {"WHENCE_DATABASE_URL": postgresql_url}
    projector = start("project", **shared)
    projector.awaited("(projecting)")
    service = start("serve", "--without", "folding", **shared)
    key = service.key()

    customer = create_customer(service.url, key)
    told = lookup(service.url, key)
    projector.stopped(signal.SIGTERM)
    create_customer(service.url, key, b"{}")

    _, ready = service.answer("/readyz")
    assert told["id"] == customer["id"]
    assert json.loads(ready)["views"]["behind"] > 0
    assert b"whence_projection_lag_facts" not in service.answer("/metrics")[1]


def test_services_that_start_together_on_an_empty_store_found_one_organization(
    start, postgresql_url
):
    services = [start("serve", WHENCE_DATABASE_URL=postgresql_url) for _ in range(3)]

    for service in services:
        assert service.answer("/healthz")[0] == 200

    assert sum("keys.txt" in service.output for service in services) == 1
    assert [service.stopped(signal.SIGTERM) for service in services] == [0, 0, 0]


def test_every_process_tells_of_the_parked_books_of_all(start, postgresql_url):
    engine = open_engine(postgresql_url)
    upgrade(engine)
    with Ledger(engine, clock=lambda: datetime.now(UTC)) as ledger:
        unknown = NewFact("pay_1", 1, "payment.not_invented_yet", "{}")
        ledger.append(Append("org_x/test", facts=(unknown,)))
    engine.dispose()
    services = [start("serve", WHENCE_DATABASE_URL=postgresql_url) for _ in range(2)]
    for service in services:
        service.answer("/healthz")

    def told():
        ready = [json.loads(service.answer("/readyz")[1]) for service in services]
        return [(each["parked_books"], each["views"]["behind"]) for each in ready]

    until = time.monotonic() + 30
    while told() != [(1, 1)] * 2 and time.monotonic() < until:
        time.sleep(0.1)
    assert told() == [(1, 1)] * 2
    # Anybody may ask whether a process is ready: which book it is stands in the log.
    for service in services:
        assert b"org_x" not in service.answer("/readyz")[1]
        service.awaited("(a book is parked)")
        said = json.loads(
            next(each for each in service.output.splitlines() if "a book is parked" in each)
        )
        assert (said["book"], said["position"]) == ("org_x/test", 1)
        assert "payment.not_invented_yet" in said["error"]


def test_views_that_a_crash_took_back_are_folded_again_though_nobody_asks(postgresql_url):
    settings = Settings.load(database_url=postgresql_url)
    with recording(settings) as ledger, projecting(settings, ledger) as reading:
        fact = NewFact("cus_1", 1, "customer.not_invented_yet", "{}")
        ledger.append(Append("org_x/test", facts=(fact,)))
        generation = reading.serving()
        assert soon(lambda: standing_of(generation))

        # What a crash does to commits that had not reached the disk, and to every session.
        with generation.writing() as connection:
            connection.execute(checkpoints.delete().where(checkpoints.c.book == "org_x/test"))
        assert not standing_of(generation)
        with psycopg.connect(postgresql_url, autocommit=True) as operator:
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        assert soon(lambda: standing_of(generation))


def standing_of(generation):
    def asked():
        with generation.reading() as connection:
            return read_checkpoints(connection, ["org_x/test"])

    return patiently(asked)


def soon(condition):
    until = time.monotonic() + 30
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def test_several_workers_are_refused_on_sqlite_in_one_sentence(start):
    refused = start("serve", "--workers", "2")

    assert refused.ended() == 2
    assert refused.output.startswith("whence: WHENCE_WORKERS cannot be used:")
    assert refused.output.count("\n") == 1


def test_a_port_in_use_is_said_in_one_sentence(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused = start("serve", "--port", str(other.getsockname()[1]))

        assert refused.ended() == 1
    assert refused.output.startswith("whence: cannot listen on 127.0.0.1")
    assert "WHENCE_PORT" in refused.output
    assert refused.output.count("\n") == 1


def test_a_service_that_cannot_start_says_why(tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"no database" * 1000)
    settings = Settings.load(database_url=f"sqlite:///{tmp_path / 'ledger.db'}")
    told = []

    async def receive():
        return {"type": "lifespan.startup"}

    async def send(message):
        told.append(message)

    asyncio.run(Served(settings, None)({"type": "lifespan"}, receive, send))

    (message,) = told
    assert message["type"] == "lifespan.startup.failed"
    assert message["message"].startswith("the database cannot be opened: ")


def test_a_wrong_setting_is_said_in_one_sentence(start):
    refused = start("serve", WHENCE_PORT="a lot")

    assert refused.ended() == 2
    assert refused.output.startswith("whence: WHENCE_PORT cannot be used: ")
    assert refused.output.count("\n") == 1
