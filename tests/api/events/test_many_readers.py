"""A stream that is cut again and again, and one that many read: nobody misses anything."""

import asyncio
import json
import os
import random
import threading

import aiohttp
import httpx
import pytest

from api.resources.event_data import data_of

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

CUTS = int(os.environ.get("WHENCE_TEST_CUTS", "30"))
READERS = int(os.environ.get("WHENCE_TEST_READERS", "60"))
PATIENCE_SECONDS = 60


@pytest.fixture
def busy(client):
    """Customers are registered and renamed until the test has seen enough."""
    enough = threading.Event()

    def go_on():
        while not enough.is_set():
            made = client.post("/v1/customers", json={"name": "Ama"}).raise_for_status().json()
            client.patch(f"/v1/customers/{made['id']}", json={"name": "Ama Mensah"})

    thread = threading.Thread(target=go_on)
    thread.start()
    yield enough
    enough.set()
    thread.join()


def events_until_cut(client, last_id, cut_after):
    """The ids of the events that came before so many blocks had been read; and the last id."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    seen, blocks, event = [], 0, None
    with client.stream("GET", "/v1/events/stream", params={"after": 0}, headers=headers) as answer:
        for line in answer.iter_lines():
            if line.startswith("id: "):
                event = line.removeprefix("id: ")
            elif line.startswith("data: "):
                assert json.loads(line.removeprefix("data: "))["id"] == event
                seen.append(event)
            elif not line:
                last_id, blocks = event, blocks + 1
                if blocks >= cut_after:
                    return seen, last_id
    raise AssertionError("the stream ended by itself")


def test_a_stream_that_is_cut_and_taken_up_again_misses_nothing_and_sees_nothing_twice(
    client, merchant, busy
):
    chance, seen, last_id = random.Random(7), [], None

    with merchant.client() as reader:
        for _ in range(CUTS):
            found, last_id = events_until_cut(reader, last_id, chance.randint(1, 2))
            seen += found
    busy.set()

    told = [each["id"] for each in whole_feed(client)]
    assert len(seen) > CUTS / 2
    assert seen == told[: len(seen)]


def whole_feed(client):
    found, after = [], 0
    while True:
        page = client.get("/v1/events", params={"after": after, "limit": 500}).json()
        found += page["events"]
        after = page["position"]
        if not page["has_more"]:
            return found


def test_many_read_one_stream_and_what_they_read_is_made_once(client, merchant, monkeypatch):
    made = []
    monkeypatch.setattr(
        merchant.server.parts.feed, "_data_of", lambda told: made.append(told) or data_of(told)
    )
    names = [f"customer {number}" for number in range(10)]

    def register_them():
        for name in names:
            client.post("/v1/customers", json={"name": name}).raise_for_status()

    read = asyncio.run(all_read(merchant, len(names), register_them))

    assert read == [names] * READERS
    # Some may have been woken while others were still being told of what came before.
    assert len(made) <= len(names) * 5


async def all_read(merchant, expected, act):
    """What each of the readers was told, once all of them had begun to read."""
    headers = {"X-Reevit-Key": merchant.founded.keys["test"]}
    begun = [asyncio.Event() for _ in range(READERS)]
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        aiohttp.ClientSession(
            merchant.server.url, headers=headers, connector=aiohttp.TCPConnector(limit=0)
        ) as session,
        asyncio.TaskGroup() as readers,
    ):
        tasks = [readers.create_task(names_read(session, each, expected)) for each in begun]
        for each in begun:
            await each.wait()
        await asyncio.to_thread(act)
    return [task.result() for task in tasks]


async def names_read(session, begun, expected):
    names = []
    async with session.get("/v1/events/stream") as answer:
        async for line in answer.content:
            begun.set()
            if line.startswith(b"data: "):
                names.append(json.loads(line.removeprefix(b"data: "))["data"]["name"])
            if len(names) == expected:
                return names
    raise AssertionError("the stream ended by itself")


def test_somebody_who_takes_nothing_holds_nobody_up(client, merchant):
    """Their connection fills up; what they did not take is in the ledger, for when they do."""
    headers = {"X-Reevit-Key": merchant.founded.keys["test"]}
    noted = {"metadata": {f"note_{number}": "x" * 400 for number in range(40)}}
    with (
        httpx.Client(base_url=merchant.server.url, headers=headers) as idle,
        idle.stream("GET", "/v1/events/stream", params={"after": 0}),
    ):
        for _ in range(100):
            client.post("/v1/customers", json=noted).raise_for_status()
        found, _ = events_until_cut(client, None, 100)

    assert len(found) == 100
