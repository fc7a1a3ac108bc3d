"""Processes on one store are told of by whichever is asked, until they end or are killed."""

import json
import os
import signal
import urllib.request

import pytest
from structlog.testing import capture_logs
from waiting import awaited

from ledger.database import open_engine, upgrade
from ledger.processes import Duty, Presence, processes_of
from whence.maintenance import run_of
from whence.presence import present
from whence.settings import Settings
from whence.wiring import recording


def system(service, key):
    request = urllib.request.Request(  # noqa: S310 (our own server)
        f"{service.url}/v1/system", headers={"X-Reevit-Key": key}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own server)
        return json.load(answer)


def told(service, key):
    return {each["pid"]: each for each in system(service, key)["processes"]}


def does(process):
    return [each["work"] for each in process["duties"]]


def test_two_services_tell_of_each_other_until_one_is_killed(start, postgresql_url):
    shared = {"WHENCE_DATABASE_URL": postgresql_url}
    first = start("serve", **shared)
    key = first.key()
    second = start("serve", "--without", "billing", **shared)
    second.answer("/readyz")
    killed = second.process.pid
    awaited(lambda: {first.process.pid, killed} <= told(first, key).keys())

    by_first, by_second = told(first, key), told(second, key)
    second.process.kill()
    awaited(lambda: told(first, key)[killed]["state"] == "silent")

    assert by_first.keys() == by_second.keys() == {first.process.pid, killed}
    assert {each["state"] for each in by_first.values()} == {"alive"}
    assert does(by_first[first.process.pid]) == ["serving", "folding", "billing", "delivery"]
    assert does(by_first[killed]) == ["serving", "folding", "delivery"]
    assert told(first, key)[first.process.pid]["state"] == "alive"


def test_each_command_says_what_it_does_and_one_that_ends_is_told_of_no_more(start, postgresql_url):
    shared = {"WHENCE_DATABASE_URL": postgresql_url}
    without = [f"--without={each}" for each in ("folding", "billing", "delivery")]
    service = start("serve", *without, **shared)
    key = service.key()
    alone = {each["work"]: each["state"] for each in system(service, key)["duties"]}
    others = {each: start(each, **shared) for each in ("project", "bill", "deliver")}
    awaited(lambda: {each.process.pid for each in others.values()} <= told(service, key).keys())

    together = system(service, key)
    ended = [other.stopped(signal.SIGTERM) for other in others.values()]

    kinds = {each["kind"]: does(each) for each in together["processes"]}
    assert alone == dict.fromkeys(("folding", "billing", "delivery"), "nobody") | {
        "serving": "working"
    }
    assert {each["state"] for each in together["duties"]} == {"working"}
    assert kinds == {
        "serve": ["serving"],
        "project": ["folding"],
        "bill": ["billing"],
        "deliver": ["delivery"],
    }
    assert ended == [0, 0, 0]
    assert told(service, key).keys() == {service.process.pid}


def test_each_worker_of_a_service_is_a_process(start, postgresql_url):
    service = start("serve", "--workers", "2", WHENCE_DATABASE_URL=postgresql_url)
    key = service.key()

    awaited(lambda: len(told(service, key)) == 2)

    assert {each["kind"] for each in told(service, key).values()} == {"worker"}
    assert service.process.pid not in told(service, key)


@pytest.fixture
def database(database_url):
    engine = open_engine(database_url)
    upgrade(engine)
    yield database_url
    engine.dispose()


@pytest.fixture
def ledger(database):
    with recording(Settings(database_url=database)) as ledger:
        yield ledger


def test_whoever_carries_out_a_run_is_a_process_while_they_do(ledger):
    with run_of(ledger, "verify"):
        awaited(lambda: processes_of(ledger.engine))
        [verifying] = processes_of(ledger.engine)

    assert (verifying.kind, verifying.pid) == ("verify", os.getpid())
    assert processes_of(ledger.engine) == []


def test_what_cannot_be_said_keeps_nobody_from_their_work_and_is_said_again(ledger, monkeypatch):
    renew, failures = Presence.renew, []

    def fail_at_first(presence):
        if len(failures) < 2:
            failures.append(presence)
            raise RuntimeError("nobody expects this")
        renew(presence)

    monkeypatch.setattr(Presence, "every_seconds", 0.01)
    monkeypatch.setattr(Presence, "renew", fail_at_first)
    monkeypatch.setattr(Presence, "end", lambda _presence: 1 / 0)
    with (
        capture_logs() as log,
        present(ledger.engine, "bill", lambda: [Duty("billing", "working")]),
    ):
        awaited(lambda: processes_of(ledger.engine))

    assert [each["thread"] for each in log] == ["presence"] * 3
