"""Freshness, as it is told to a page that is open."""

import asyncio
import json
import re
from threading import Event

from console_browser import browser_at, signed_in
from console_people import add_person, signed_in_as

from projections.engine.generations.generations import Registered, ViewsRebuilding


def told(lines):
    """The next message of a stream."""
    for line in lines:
        if line.startswith("data: "):
            return json.loads(line.removeprefix("data: "))
    raise AssertionError("the stream has ended")


def test_an_open_page_is_told_how_far_the_views_are_whenever_the_book_grows(console, client):
    with console.stream("GET", "/console/live") as stream:
        lines = stream.iter_lines()
        first = told(lines)
        client.post("/v1/customers", json={"name": "Ama"})
        later = told(lines)
        while later["position"] == first["position"]:
            later = told(lines)

    assert stream.headers["content-type"].startswith("text/event-stream")
    assert later["position"] > first["position"]
    assert later["behind"] == 0
    assert later["late_seconds"] >= 0


def moved(console, after):
    """What is told first to a page that shows facts up to a position."""
    with console.stream("GET", f"/console/live?after={after}") as stream:
        return told(stream.iter_lines())["moved"]


def test_an_open_page_is_told_what_moved_since_what_it_shows(console, client):
    with console.stream("GET", "/console/live") as stream:
        lines = stream.iter_lines()
        before = told(lines)["position"]
        ama = client.post("/v1/customers", json={"name": "Ama"}).json()["id"]
        while not (later := told(lines))["moved"]:
            pass
        came = client.post(
            "/v1/payments/intents",
            json={"amount": 500, "currency": "GHS", "customer_id": ama},
        ).json()["id"]
        while not (last := told(lines))["moved"]:
            pass

    assert later["moved"] == [ama]
    assert {ama, came} <= set(last["moved"])
    assert moved(console, last["position"]) == []
    assert set(moved(console, later["position"])) == set(last["moved"])
    assert set(moved(console, before)) == {ama, *last["moved"]}


def test_what_others_call_something_is_told_to_nobody(merchant, client):
    add_person(merchant, "efua@shop.example", "support")
    with signed_in_as(merchant, "efua@shop.example") as support:
        with support.stream("GET", "/console/live") as stream:
            before = told(stream.iter_lines())["position"]
        who = {"external_id": "ama.mensah@gmail.com", "email": "ama.mensah@gmail.com"}
        ama = client.post("/v1/customers", json=who).json()["id"]
        order = {"amount": 500, "currency": "GHS", "customer_id": ama}
        named = {"source": "payment_link", "source_id": "+233501234589"}
        came = client.post("/v1/payments/intents", json=order | named).json()["id"]
        all_ids = set(moved(support, before))

    assert {ama, came} <= all_ids
    assert not [each for each in all_ids if re.fullmatch("[a-z]+_[0-9a-z]{26}", each) is None]


def test_a_page_that_shows_what_was_long_ago_is_told_that_all_may_have_moved(console, client):
    client.post("/v1/customers", json={"name": "Ama"})

    assert moved(console, 0) is None
    assert moved(console, "nonsense") == []


def test_that_somebody_signs_in_moves_no_page(console, merchant):
    with console.stream("GET", "/console/live") as stream:
        lines = stream.iter_lines()
        first = told(lines)
        with signed_in(merchant.server.url, merchant.founded.keys["test"]):
            while (later := told(lines))["position"] == first["position"]:
                pass

    assert later["moved"] == []


def test_whoever_may_not_know_of_customers_is_told_no_position(merchant, client):
    made = client.post("/v1/api-keys", json={"name": "links", "scopes": ["payment_links:read"]})

    with (
        signed_in(merchant.server.url, made.json()["key"]) as console,
        console.stream("GET", "/console/live") as stream,
    ):
        assert told(stream.iter_lines())["position"] is None


def test_while_there_are_no_views_it_tells_how_far_they_are(new_server):
    server = new_server(rebuilding=ViewsRebuilding(Registered(2, "", "building", 25, 100)))
    key = server.found("Ama's shop").keys["test"]

    with signed_in(server.url, key) as console, console.stream("GET", "/console/live") as stream:
        assert told(stream.iter_lines()) == {"unavailable": "views_rebuilding", "progress": 0.25}


def test_a_book_that_is_forgotten_for_another_while_it_is_read_is_told_all_the_same(
    server, merchant, client, monkeypatch
):
    other = server.found("Kofi's shop").org_id + "/test"
    movements, read = server.parts.streams.movements, server.ledger.read
    is_read, is_forgotten = Event(), Event()

    def reached(book):
        return asyncio.run_coroutine_threadsafe(movements.reached(book), server.loop)

    def held(book, **asked):
        if (book, asked["limit"]) == (merchant.book, 99):
            is_read.set()
            assert is_forgotten.wait(timeout=30)
        return read(book, **asked)

    before = reached(merchant.book).result(timeout=30).position
    monkeypatch.setattr("delivery.movements._MOST_BOOKS", 1)
    monkeypatch.setattr("delivery.movements._MOST_FACTS", 99)
    monkeypatch.setattr(server.ledger, "read", held)
    ama = client.post("/v1/customers", json={"name": "Ama"}).json()["id"]
    reading = reached(merchant.book)
    assert is_read.wait(timeout=30)
    reached(other).result(timeout=30)
    is_forgotten.set()

    position = reading.result(timeout=30).position
    assert movements.moved(merchant.book, before, position) == [ama]
    assert movements.moved(merchant.book, before, position + 1) is None
    assert movements.moved(other, 0, 1) is None


def test_a_stranger_is_told_nothing(stranger):
    assert stranger.get("/console/live").status_code == 401
    assert stranger.get("/console/live").text == ""


def test_whoever_is_signed_out_is_told_no_more(console, client):
    with console.stream("GET", "/console/live") as stream:
        lines = stream.iter_lines()
        told(lines)
        with browser_at(str(console.base_url)) as another_tab:
            another_tab.cookies = console.cookies
            another_tab.post("/console/logout")
        client.post("/v1/customers", json={"name": "Ama"})

        rest = [*lines]

    assert len([each for each in rest if each.startswith("data: ")]) <= 1
    assert console.get("/console/live").status_code == 401


def test_whether_there_is_a_stream_is_answered_at_once(console):
    looked = console.head("/console/live")

    assert looked.status_code == 200
    assert looked.headers["content-type"].startswith("text/event-stream")
