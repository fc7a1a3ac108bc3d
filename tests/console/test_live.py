"""Freshness, as it is told to a page that is open."""

import json

from console_browser import browser_at, signed_in

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


def test_a_stranger_is_told_nothing(stranger):
    assert stranger.get("/console/live").status_code == 303


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
    assert console.get("/console/live").status_code == 303


def test_whether_there_is_a_stream_is_answered_at_once(console):
    looked = console.head("/console/live")

    assert looked.status_code == 200
    assert looked.headers["content-type"].startswith("text/event-stream")
