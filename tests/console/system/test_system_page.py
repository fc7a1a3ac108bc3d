"""The page System: what it tells, and what may be done there without a script."""

import json
import os
import re
import socket

import pytest
from api_server import Merchant
from console_browser import signed_in

from ledger.append import Append, NewFact
from ledger.database import writing
from ledger.processes import Duty, Presence
from ledger.schema import processes

FAULT = "<script>alert(1)</script> is missing"
UNSOUND = {"generation": 1, "sound": False, "books": 2, "rows": 7, "fault_count": 3}
SOUND = {"sound": True, "rows": 1204, "database": "its extension amcheck is not installed"}
PLACE = "/console/system"


@pytest.fixture
def merchant(new_server):
    """Alone in a store."""
    server = new_server()
    return Merchant(server, server.found("Ama's shop"))


@pytest.fixture
def runs(merchant):
    return merchant.server.parts.system.runs


def page_of(browser, place=PLACE):
    answer = browser.get(place)
    assert answer.status_code == 200, answer.text
    return answer.text


def pressed(browser, place):
    """What is shown after a button was pressed."""
    answer = browser.post(f"{PLACE}/{place}", follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_what_is_harmless_is_the_first_thing_to_do(console):
    text = page_of(console)

    first = re.findall('<button class="button first">([^<]*)', text[text.index("<main") :])
    assert first == ["Verify"]


def test_the_page_tells_what_the_api_does(console, client):
    client.post("/v1/customers", json={"name": "Ama"}).raise_for_status()

    text = page_of(console)
    system = client.get("/v1/system").json()

    [book] = system["books"]
    assert book["book"] in text
    assert f'"value"><a href="/console/events">{book["facts"]}<' in text.replace("\n", "")
    assert f"Set {system['views']['generation']}" in text
    assert "This release" in text
    assert "250,000" not in text
    assert "9,999" in text
    assert "http-equiv" not in text
    assert "Nothing is lost" not in text


def test_a_rebuild_is_begun_once_renews_itself_without_scripts_and_is_stopped(console, runs):
    begun = pressed(console, "rebuild")
    again = pressed(console, "verify")
    [run] = runs.latest()
    runs.take(holder="me")
    runs.note(run, "me", facts=250, total=1000)
    going_on = page_of(console)
    stopped = pressed(console, f"runs/{run.number}/cancel")

    assert "Rebuilding the views" in begun
    assert "begins within seconds" in begun
    assert "Something is under way already" in again
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in going_on
    assert "250 of 1,000 facts" in going_on
    assert "Rebuilding: 20% done" in going_on
    assert 'value="0.25"' in going_on
    assert "It is stopped" in stopped
    assert "Rebuilding the views" not in stopped
    assert runs.latest()[0].state == "canceled"


def test_what_was_over_before_it_was_stopped_is_said_so(console, runs):
    run = runs.begin("verify", holder="me")
    runs.end(run, "me", "done", report=json.dumps(SOUND))

    told = pressed(console, "runs/1/cancel")

    assert "It was over before it could be stopped." in told
    assert "Sound: 1,204 rows" in told
    assert "its extension amcheck is not installed." in told
    assert "On the machine" in told


def test_what_a_verification_found_wrong_is_told_and_does_no_harm(console, merchant, runs):
    run = runs.begin("verify", holder="me")
    faults = [{"book": merchant.book, "sentence": FAULT}]
    runs.end(run, "me", "done", report=json.dumps({**UNSOUND, "faults": faults}))

    told = page_of(console)

    assert "3 faults" in told
    assert "&lt;script&gt;alert(1)&lt;/script&gt; is missing" in told
    assert "<script>alert" not in told
    assert "2 more, in books that are not read here or beyond the first hundred" in told


def test_a_fact_that_stops_the_views_is_named_and_the_overview_leads_there(console, merchant):
    unknown = NewFact("cus_1", 1, "customer.from_the_future", "{}")
    head = merchant.server.ledger.append(Append(merchant.book, (unknown,), {"cus_1": 0})).position
    console.get("/console/customers")

    overview, told = page_of(console, "/console"), page_of(console)

    assert 'href="/console/system"' in overview
    assert "fact stops the views" in overview
    assert f"fact {head}" in told
    assert "customer.from_the_future" in told
    assert "Nothing is lost" in told


def test_where_others_share_the_store_nothing_can_be_done_and_it_is_said_who_may(
    new_server, merchant, runs
):
    naming_nobody = new_server(operators=())
    merchant.server.found("Kofi's shop")

    with signed_in(naming_nobody.url, merchant.founded.keys["test"]) as console:
        told = page_of(console)
        refused = console.post(f"{PLACE}/rebuild")

    assert "Several organizations share this store" in told
    assert "/console/system/rebuild" not in told
    assert refused.status_code == 403
    assert runs.latest() == []


def test_whoever_may_not_read_it_finds_no_way_there(merchant, client):
    made = client.post("/v1/api-keys", json={"name": "x", "scopes": ["customers:read"]}).json()

    with signed_in(merchant.server.url, made["raw"]) as console:
        assert PLACE not in page_of(console, "/console/customers")
        assert console.get(PLACE).status_code == 403


def test_in_the_past_it_is_as_it_is_now_and_nothing_can_be_done(console):
    told = page_of(console, f"{PLACE}?as_of=2026-11-01")

    assert "What keeps no history on this page is as it is now" in told
    assert "/console/system/rebuild" not in told


def test_processes_are_shown_with_where_they_run_and_which_is_silent(console, merchant):
    engine = merchant.server.ledger.engine
    # A newer release beside this one does what this one has no word for.
    folds = [Duty("folding", "working"), Duty("delivery", "working"), Duty("mailing", "working")]
    Presence(engine, kind="project", release="0.3.0", duties=lambda: folds).renew()
    with writing(engine) as connection:
        connection.execute(processes.update().values(seen_at=processes.c.seen_at - 60_000_000))
    Presence(engine, kind="worker", release="0.3.0", duties=lambda: folds).renew()

    told = page_of(console)

    silent, alive = re.findall(r"<tr>\s*<th scope=\"row\"><span>whence (?:.|\s)*?</tr>", told)
    assert "whence project" in silent
    assert "Silent" in silent
    assert "1 min ago" in silent
    assert "whence serve, a worker" in alive
    assert "Alive" in alive
    assert f"{os.getpid()} on {socket.gethostname()}" in alive
    assert "Folds, delivers, mailing" in alive
    assert "0.3.0" in alive
    assert "Nobody" in told


def test_where_others_share_the_store_no_process_is_shown(new_server, merchant):
    naming_nobody = new_server(operators=())
    merchant.server.found("Kofi's shop")
    engine = merchant.server.ledger.engine
    Presence(engine, kind="project", release="0.3.0", duties=tuple).renew()

    with signed_in(naming_nobody.url, merchant.founded.keys["test"]) as console:
        told = page_of(console)

    assert "whence project" not in told
    assert socket.gethostname() not in told
    assert "Who does what" in told


def test_whoever_may_work_on_a_store_of_several_is_told_which_books_of_others_are_parked(
    console, merchant
):
    kofi = Merchant(merchant.server, merchant.server.found("Kofi's shop"))
    unknown = NewFact("cus_1", 1, "customer.from_the_future", "{}")
    merchant.server.ledger.append(Append(kofi.book, (unknown,), {"cus_1": 0}))
    with kofi.client() as client:
        client.get("/v1/customers")

    told = page_of(console)

    assert "of 1 other book<" in told
    assert f"<code>{kofi.book}</code>" in told
