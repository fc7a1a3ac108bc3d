"""Delivering: the service tells others, or leaves it to `whence deliver`, and says what waits."""

import json
import urllib.request

import orjson
import pytest
from receiver import Answers, receiving
from reevit.webhooks import construct_event
from server import Server, found_shop
from waiting import awaited


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def serve(database_url, tmp_path):
    servers = []

    def serve(**settings):
        server = Server(database_url, tmp_path, **settings)
        servers.append(server)
        server.start()
        return server

    yield serve
    for server in servers:
        server.kill()


def client_of(server):
    shop = found_shop(server)
    return shop.client(org_id=shop.org_id)


def told(receiver):
    return [orjson.loads(request.body)["data"] for request in receiver.received]


def ask(server, path):
    with urllib.request.urlopen(server.url + path) as answer:  # noqa: S310 (our own server)
        return answer.read()


def waiting(server):
    return json.loads(ask(server, "/readyz"))["deliveries"]


def test_the_service_tells_and_says_what_waits(serve, receiver):
    server = serve()
    client = client_of(server)
    config = client.webhooks.upsert_config({"url": receiver.url})
    client.customers.create({"external_id": "usr_1"})
    awaited(lambda: len(receiver.received) == 1)

    [request] = receiver.received
    secret = config["signing_secret"]
    event = construct_event(request.body, request.headers["x-reevit-signature"], secret)
    assert event["data"]["external_id"] == "usr_1"
    awaited(lambda: waiting(server)["endpoints"] == 1 and waiting(server)["backlog"] == 0)

    receiver.behave = lambda _request: Answers(503, {"Retry-After": "3600"})
    for number in range(2, 5):
        client.customers.create({"external_id": f"usr_{number}"})
    awaited(lambda: waiting(server)["failing"] == 1 and waiting(server)["behind"] == 2)

    found = waiting(server)
    assert found["backlog"] >= 1
    assert found["oldest_waiting_at"] is not None
    metrics = ask(server, "/metrics").decode()
    assert 'whence_deliveries_total{outcome="delivered"} 1.0' in metrics
    assert "whence_endpoints_failing 1.0" in metrics
    server.stop()


def test_others_may_tell_instead(serve, receiver):
    server = serve(WHENCE_SERVE_WITHOUT="delivery")
    client = client_of(server)
    client.webhooks.upsert_config({"url": receiver.url})
    client.customers.create({"external_id": "usr_1"})
    assert waiting(server) is None
    assert receiver.received == []

    beside = server.begin("deliver")
    awaited(lambda: len(receiver.received) == 1)

    assert [each["external_id"] for each in told(receiver)] == ["usr_1"]
    beside.terminate()
    assert beside.wait(timeout=60) == 0
