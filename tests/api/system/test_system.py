"""The store and the service as such: how they are told, to whom, and who may work on all of it."""

import json
import os
import socket
from datetime import UTC, datetime, timedelta

import pytest
from api_server import Merchant

from api.http.parsing import fingerprint
from ledger.append import Append, NewFact, Reply
from ledger.database import writing
from ledger.processes import Duty, Presence
from ledger.schema import processes

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def store(new_server):
    """Where the operator has named nobody."""
    return new_server(operators=())


@pytest.fixture
def ama(store) -> Merchant:
    return Merchant(store, store.found("Ama's shop"))


@pytest.fixture
def asked(ama):
    with ama.client() as client:
        yield client


def told(client, **key):
    answer = client.get("/v1/system", headers=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def key(client, *scopes):
    raw = client.post("/v1/api-keys", json={"name": "a key", "scopes": scopes}).json()["raw"]
    return {"X-Reevit-Key": raw}


@on_both_databases
def test_a_store_of_one_organization_is_told_whole(asked, ama, database):
    asked.post("/v1/customers", json={"name": "Ama"}).raise_for_status()
    # Whoever looks after a store waits for its views no longer than a moment; this one does.
    asked.get("/v1/customers").raise_for_status()

    system = told(asked)

    head = ama.server.ledger.head(ama.book)
    [book] = system["books"]
    assert (book["book"], book["facts"], book["position"]) == (ama.book, head, head)
    assert (book["behind"], book["parked"]) == (0, None)
    assert (system["database"], system["is_shared"], system["may_operate"]) == (
        database,
        False,
        True,
    )
    assert system["views"]["state"] == "serving"
    [generation] = system["generations"]
    assert generation["number"] == system["views"]["generation"]
    assert (generation["state"], generation["this_release"]) == ("serving", True)
    assert system["sizes"]["ledger"] > 0
    assert system["sizes"]["views"] == generation["bytes"] > 0
    assert system["limits"]["past_facts"] == 9_999
    assert system["running"] is system["last_verification"] is None


@on_both_databases
def test_a_rebuild_is_asked_for_once_told_of_and_ended(asked):
    accepted = asked.post("/v1/system/rebuild")
    again = asked.post("/v1/system/rebuild")
    verification = asked.post("/v1/system/verify")
    number = accepted.json()["number"]
    running = told(asked)["running"]
    ended = asked.post(f"/v1/system/runs/{number}/cancel")
    ended_again = asked.post(f"/v1/system/runs/{number}/cancel")

    assert accepted.status_code == 202, accepted.text
    assert (accepted.json()["kind"], accepted.json()["state"]) == ("rebuild", "waiting")
    assert {each.status_code for each in (again, verification)} == {409}
    assert again.json()["code"] == "run_under_way"
    assert (running["number"], running["state"]) == (number, "waiting")
    assert ended.json()["state"] == ended_again.json()["state"] == "canceled"
    assert told(asked)["running"] is None
    assert told(asked)["runs"][0]["number"] == number


def test_a_run_that_is_asked_for_again_with_its_key_is_the_same(asked):
    once = {"Idempotency-Key": "once"}

    first = asked.post("/v1/system/verify", headers=once)
    again = asked.post("/v1/system/verify", headers=once)

    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()


def over(runs):
    """What was asked for is carried out and done with."""
    runs.end(runs.take(holder="me"), "me", "done", report='{"sound":true}')


@on_both_databases
def test_a_key_asks_for_one_run_also_once_that_is_over(asked, store):
    once = {"Idempotency-Key": "once"}
    runs = store.parts.system.runs
    first = asked.post("/v1/system/verify", headers=once)
    over(runs)

    again = asked.post("/v1/system/verify", headers=once)

    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert [run.state for run in runs.latest()] == ["done"]


def test_a_key_whose_request_was_interrupted_begins_nothing_again(asked, ama, store):
    by_tomorrow = datetime.now(UTC) + timedelta(days=1)
    begun = Reply("begun POST /v1/system/verify once", fingerprint({}), 202, "", by_tomorrow)
    store.ledger.append(Append(ama.book, reply=begun))

    answer = asked.post("/v1/system/verify", headers={"Idempotency-Key": "once"})

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    assert answer.headers["Retry-After"] == "1"
    assert store.parts.system.runs.latest() == []


def test_a_key_that_was_refused_a_run_asks_for_none_later(asked, store):
    once = {"Idempotency-Key": "once"}
    runs = store.parts.system.runs
    asked.post("/v1/system/rebuild")
    refused = asked.post("/v1/system/verify", headers=once)
    over(runs)

    again = asked.post("/v1/system/verify", headers=once)

    assert (again.status_code, again.content) == (409, refused.content)
    assert [run.kind for run in runs.latest()] == ["rebuild"]


@pytest.mark.parametrize("number", ["7", "x", "9" * 30, "٣"])
def test_no_run_is_ended_that_is_not_there(asked, number):
    answer = asked.post(f"/v1/system/runs/{number}/cancel")

    assert (answer.status_code, answer.json()["code"]) == (404, "run_not_found")


def test_what_is_over_is_not_ended(asked, store):
    runs = store.parts.system.runs
    runs.end(runs.begin("verify", holder="me"), "me", "done", report='{"sound":true}')

    answer = asked.post("/v1/system/runs/1/cancel")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_state")
    assert told(asked)["last_verification"]["report"]["sound"] is True


def test_how_far_a_run_is_is_told_with_how_long_it_takes_yet(asked, store):
    runs = store.parts.system.runs
    run = runs.begin("rebuild", holder="me")
    runs.note(run, "me", facts=250, total=1000)

    running = told(asked)["running"]

    assert running["asked_by"] == "operator"
    assert (running["facts"], running["total"], running["progress"]) == (250, 1000, 0.25)
    assert running["seconds_left"] > 0


def test_in_a_store_of_several_nobody_learns_of_another_nor_works_on_all(store, asked, ama):
    kofi = Merchant(store, store.found("Kofi's shop"))
    runs = store.parts.system.runs
    run = runs.ask("verify", organization=kofi.org_id, asked_by="key_of_kofi")
    runs.take(holder="me")
    faults = [
        {"book": f"{kofi.org_id}/live", "sentence": f"{kofi.org_id}/live: position 3 is changed"},
        {"book": ama.book, "sentence": f"{ama.book}: position 2 is changed"},
        {"book": "", "sentence": "the database says: row 7 is missing"},
    ]
    runs.note(run, "me", facts=500, total=1000)
    report = {"sound": False, "books": 4, "rows": 70, "fault_count": 3, "faults": faults}
    runs.end(run, "me", "done", report=json.dumps(report))

    answer = asked.get("/v1/system")
    refused = [
        asked.post(path)
        for path in ("/v1/system/rebuild", "/v1/system/verify", "/v1/system/runs/1/cancel")
    ]

    system = answer.json()
    assert (system["is_shared"], system["may_operate"]) == (True, False)
    assert kofi.org_id not in answer.text
    assert "key_of_kofi" not in answer.text
    verification = system["last_verification"]
    assert (verification["facts"], verification["total"]) == (None, None)
    assert verification["report"]["faults"] == [faults[1]["sentence"]]
    assert verification["report"]["more_faults"] == 2
    assert verification["report"]["books"] is verification["report"]["rows"] is None
    assert system["sizes"] == {"ledger": None, "views": None}
    assert {(each.status_code, each.json()["code"]) for each in refused} == {
        (403, "store_is_shared")
    }
    assert "whence rebuild" in refused[0].json()["message"]


@pytest.mark.parametrize(
    ("mode", "scopes", "told_of"),
    [
        ("live", [], ["live", "the store"]),
        ("live", ["system:read"], []),
        ("test", [], ["test"]),
        ("test", ["system:read"], []),
    ],
)
def test_what_was_found_is_told_of_the_books_that_a_key_reads(store, ama, mode, scopes, told_of):
    runs = store.parts.system.runs
    run = runs.begin("verify", holder="me")
    faults = [
        {"book": f"{ama.org_id}/live", "sentence": "live"},
        {"book": f"{ama.org_id}/test", "sentence": "test"},
        {"book": "", "sentence": "the store"},
    ]
    report = {"sound": False, "fault_count": 3, "faults": faults, "error": "of live"}
    runs.end(run, "me", "failed", report=json.dumps(report))

    with ama.client(ama.founded.keys[mode]) as client:
        given = key(client, *scopes) if scopes else {}
        found = told(client, **given)["last_verification"]["report"]

    assert (found["faults"], found["more_faults"]) == (told_of, 3 - len(told_of))
    assert (found["error"] == "of live") == ("the store" in told_of)


def test_in_a_store_of_several_those_work_on_all_whom_the_operator_names(new_server, store, ama):
    kofi = Merchant(store, store.found("Kofi's shop"))
    naming_ama = new_server(operators=[ama.org_id])

    with Merchant(naming_ama, ama.founded).client() as asked:
        accepted = asked.post("/v1/system/rebuild")
        system = told(asked)
    with Merchant(naming_ama, kofi.founded).client() as asked:
        refused = asked.post("/v1/system/verify")

    assert accepted.status_code == 202
    assert system["sizes"] == {"ledger": None, "views": None}
    assert refused.status_code == 403


def test_a_key_is_told_and_works_by_its_scopes(asked):
    reads, operates = key(asked, "system:read"), key(asked, "system:operate")

    system = told(asked, **reads)

    assert asked.get("/v1/system", headers=operates).status_code == 403
    assert asked.post("/v1/system/rebuild", headers=reads).status_code == 403
    assert asked.post("/v1/system/rebuild", headers=operates).status_code == 202
    assert not system["may_operate"]
    # By them one could count who is new.
    [book] = system["books"]
    assert book["facts"] is book["position"] is None
    assert system["sizes"] == {"ledger": None, "views": None}


@on_both_databases
def test_a_fact_that_stops_the_views_is_told_with_why(asked, ama):
    unknown = NewFact("cus_1", 1, "customer.from_the_future", "{}")
    head = ama.server.ledger.append(Append(ama.book, (unknown,), {"cus_1": 0})).position
    asked.get("/v1/customers")

    [book] = told(asked)["books"]
    attention = asked.get("/v1/attention").json()["items"][0]

    parked = book["parked"]
    assert (parked["position"], parked["topic"]) == (head, "customer.from_the_future")
    assert parked["subject_id"] == "cus_1"
    assert parked["error"]
    assert book["behind"] >= 1
    assert (attention["kind"], attention["count"], attention["path"]) == (
        "parked_book",
        1,
        "/v1/system",
    )


def test_while_there_are_no_views_it_is_told_how_far_they_are(new_server):
    server = new_server()
    merchant = Merchant(server, server.found("Ama's shop"))
    generations = server.parts.system.generations
    for each in generations.list():
        generations.drop(each.number)

    with merchant.client() as client:
        system = told(client)

    assert system["views"] == {"state": "rebuilding", "generation": None, "progress": None}
    [book] = system["books"]
    assert book["behind"] == book["facts"] > 0


@pytest.fixture
def alive(store):
    """``alive("project", ("folding", "working"))``: another process was seen just now."""

    def begin(kind, *duties):
        done = [Duty(*each) for each in duties]
        Presence(store.ledger.engine, kind=kind, release="0.3.0", duties=lambda: done).renew()

    return begin


@on_both_databases
def test_processes_are_told_whichever_of_them_is_asked(asked, alive):
    alive("project", ("folding", "failing"))
    alive("bill", ("billing", "working"))

    system = told(asked)

    projecting, _ = system["processes"]
    assert [each["kind"] for each in system["processes"]] == ["project", "bill"]
    assert (projecting["state"], projecting["release"]) == ("alive", "0.3.0")
    assert (projecting["host"], projecting["pid"]) == (socket.gethostname(), os.getpid())
    assert projecting["started_at"] == projecting["seen_at"]
    assert projecting["duties"] == [{"work": "folding", "state": "failing"}]
    assert {each["work"]: each["state"] for each in system["duties"]} == {
        "serving": "working",
        "folding": "failing",
        "billing": "working",
        "delivery": "nobody",
    }


@on_both_databases
def test_what_somebody_did_who_is_silent_is_done_by_nobody(asked, alive, store):
    alive("deliver", ("delivery", "working"))
    with writing(store.ledger.engine) as connection:
        connection.execute(processes.update().values(seen_at=processes.c.seen_at - 60_000_000))

    system = told(asked)

    assert [each["state"] for each in system["processes"]] == ["silent"]
    assert {"work": "delivery", "state": "nobody"} in system["duties"]


def test_where_others_share_the_store_processes_are_told_to_whoever_may_work_on_it(
    new_server, store, asked, ama, alive
):
    alive("bill", ("billing", "working"))
    store.found("Kofi's shop")
    naming_ama = new_server(operators=[ama.org_id])

    refused = told(asked)
    with Merchant(naming_ama, ama.founded).client() as client:
        operating = told(client)
        reading = told(client, **key(client, "system:read"))

    assert refused["processes"] is reading["processes"] is None
    assert [each["kind"] for each in operating["processes"]] == ["bill"]
    # That somebody bills is nobody's secret.
    assert {"work": "billing", "state": "working"} in refused["duties"]


def test_which_books_of_others_are_parked_is_told_to_whoever_may_work_on_all(
    new_server, store, asked, ama
):
    kofi = Merchant(store, store.found("Kofi's shop"))
    unknown = NewFact("cus_1", 1, "customer.from_the_future", "{}")
    store.ledger.append(Append(kofi.book, (unknown,), {"cus_1": 0}))
    with kofi.client() as client:
        client.get("/v1/customers")
    naming_ama = new_server(operators=[ama.org_id])

    with Merchant(naming_ama, ama.founded).client() as client:
        operating = told(client)

    assert operating["parked_books"] == [kofi.book]
    assert told(asked)["parked_books"] is None
