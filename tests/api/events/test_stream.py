"""The stream of events: as they happen, and from where a reader was cut off."""

import json
import queue
import threading
from contextlib import contextmanager, suppress

import httpx
import pytest

from delivery.envelopes import event_id

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

WAITING_SECONDS = 20


class Reader:
    """Somebody who reads a stream as server-sent events are read."""

    def __init__(self, answer):
        self.last_id = None
        self._blocks = queue.Queue()
        self._thread = threading.Thread(target=self._read, args=(answer,), daemon=True)
        self._thread.start()

    def next(self):
        """The next event: its name, its id and its data; None when the stream has ended."""
        return self._blocks.get(timeout=WAITING_SECONDS)

    def _read(self, answer):
        with suppress(httpx.HTTPError, httpx.StreamError):  # cut, by whichever side
            self._take(answer.iter_lines())
        self._blocks.put(None)

    def _take(self, lines):
        block = {}
        for line in lines:
            if line:
                name, _, value = line.partition(": ")
                block[name] = value
                continue
            self.last_id = block.get("id", self.last_id)
            if "data" in block:
                self._blocks.put((block["event"], block["id"], json.loads(block["data"])))
            block = {}


@pytest.fixture
def reading(client):
    """Opens a stream, and reads it beside the test."""

    @contextmanager
    def reading(by=client, last_id=None, **asked):
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        with by.stream("GET", "/v1/events/stream", params=asked, headers=headers) as answer:
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield Reader(answer)

    return reading


def register(client, **profile):
    return client.post("/v1/customers", json=profile).raise_for_status().json()["id"]


def feed(client, **asked):
    return client.get("/v1/events", params=asked).raise_for_status().json()


def test_what_happens_is_told_as_it_happens_the_way_the_feed_tells_it(client, reading):
    register(client, name="Before")

    with reading(mode="test") as reader:
        customer = register(client, name="Ama")
        name, named, told = reader.next()

    assert name == "customer.created"
    assert told["data"]["id"] == customer
    assert told == feed(client)["events"][-1]
    assert named == told["id"]


def test_a_reader_may_begin_anywhere(client, reading):
    everything = [register(client), register(client), register(client)]
    first = feed(client)["events"][0]["position"]

    with reading(after=0) as reader:
        assert [reader.next()[2]["data"]["id"] for _ in everything] == everything
    with reading(after=first) as reader:
        assert reader.next()[2]["data"]["id"] == everything[1]


def test_whoever_was_cut_off_goes_on_where_they_were(client, reading):
    first = register(client)
    with reading(after=0) as reader:
        assert reader.next()[2]["data"]["id"] == first
        last_id = reader.last_id
    missed = [register(client), register(client)]

    with reading(last_id=last_id, after=0) as reader:
        assert [reader.next()[2]["data"]["id"] for _ in missed] == missed
        coming = register(client)
        assert reader.next()[2]["data"]["id"] == coming


def test_where_nothing_is_told_a_reader_knows_all_the_same_where_to_go_on(
    client, reading, monkeypatch
):
    monkeypatch.setattr("api.events.stream._HEARTBEAT_SECONDS", 0.05)
    with reading(types="payment.*") as reader:
        register(client)
        register(client)
        position = feed(client)["position"]
        for _ in range(400):
            if reader.last_id and reader.last_id.endswith(f"{position:x}"):
                break
            threading.Event().wait(0.05)

    assert reader.last_id == client_id(client, position)


def client_id(client, position):
    org_id = feed(client)["events"][0]["org_id"]
    return event_id(f"{org_id}/test", position)


def test_only_what_is_asked_for_is_told(client, reading):
    ama = register(client, external_id="ama")
    with reading(types="customer.updated", customer_id="ama") as reader:
        other = register(client)
        client.patch(f"/v1/customers/{other}", json={"name": "Kofi"})
        client.patch(f"/v1/customers/{ama}", json={"name": "Ama"})
        name, _, told = reader.next()

    assert (name, told["data"]["id"], told["previous_position"]) == ("customer.updated", ama, None)


def test_a_key_that_is_revoked_reads_no_further(client, merchant, reading):
    key = client.post("/v1/api-keys", json={"name": "reader"}).json()
    with merchant.client(key["raw"]) as holder, reading(by=holder) as reader:
        register(client)
        assert reader.next() is not None
        client.delete(f"/v1/api-keys/{key['id']}").raise_for_status()
        register(client)

        assert reader.next() is None


@pytest.mark.parametrize(
    ("asked", "headers", "field"),
    [
        ({"mode": "live"}, {}, "mode"),
        ({"types": "payment.suceeded"}, {}, "types"),
        ({"after": "9999"}, {}, "after"),
        ({"after": "-1"}, {}, "after"),
        ({}, {"Last-Event-ID": "evt_000000001"}, "Last-Event-ID"),
        ({}, {"Last-Event-ID": "17"}, "Last-Event-ID"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_is_sent(client, asked, headers, field):
    refused = client.get("/v1/events/stream", params=asked, headers=headers)

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == field


def test_no_more_readers_are_let_in_than_one_organization_may_have(
    client, reading, merchant, monkeypatch
):
    turns = merchant.server.parts.streams.turns
    monkeypatch.setattr(turns, "_of_one", 1)
    monkeypatch.setattr(turns, "_most_of_one", 1)

    with reading():
        refused = client.get("/v1/events/stream")

    assert refused.status_code == 429
    assert refused.json()["code"] == "rate_limit_exceeded"
