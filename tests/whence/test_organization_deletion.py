"""`whence organizations delete`: what is taken away, what is not, and who notices."""

import io
import json
import re
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ledger.schema import books, metadata
from projections.engine.folding.checkpoints import checkpoints
from projections.read_models import DEFINITIONS
from whence.settings import Settings
from whence.wiring import generations_of, recording

PATIENCE_SECONDS = 60


class Terminal(io.StringIO):
    """Somebody who types an answer."""

    def isatty(self):
        return True


@pytest.fixture
def store(environment, monkeypatch, database_url):
    environment["WHENCE_DATABASE_URL"] = database_url
    monkeypatch.setenv("WHENCE_DATABASE_URL", database_url)
    return database_url


@pytest.fixture
def demo(whence, store):  # noqa: ARG001 (where it is made)
    told = whence("demo", "--customers", "12", "--payments", "60", "--until", "2026-11-01")
    assert told.returncode == 0, told.stderr
    return told.stdout


@pytest.fixture
def org_id(demo):
    return re.search(r"whence organizations delete (org_\w{26})", demo)[1]


def rows_of(database_url, org_id):
    """How many rows tell of an organization, in the ledger and in the views that serve."""
    settings = Settings.load(database_url=database_url)
    counted = 0
    with recording(settings) as ledger, generations_of(settings, ledger) as generations:
        places = [
            (
                ledger.engine.connect(),
                [each for each in metadata.sorted_tables if each is not books],
            ),
            (
                generations.serving(DEFINITIONS).reading_engine.connect(),
                (*DEFINITIONS.tables, checkpoints),
            ),
        ]
        for connection, tables in places:
            with connection:
                for table in tables:
                    mine = table.c.book.startswith(org_id)
                    counted += connection.scalar(
                        select(func.count()).select_from(table).where(mine)
                    )
    return counted


def test_the_demo_is_taken_away_again_with_its_key(whence, store, demo, org_id):
    key = Path(re.search(r"KEY=\$\(cat (.*)\)", demo)[1])
    assert rows_of(store, org_id) > 500
    assert key.exists()

    done = whence("organizations", "delete", org_id, "--yes")

    assert done.returncode == 0, done.stderr
    assert re.search(r"test .* 12 ", done.stdout)
    assert f"{org_id} is deleted." in done.stdout
    assert rows_of(store, org_id) == 0
    assert not key.exists()
    verified = whence("verify")
    assert verified.returncode == 0, verified.stderr
    assert json.loads(whence("organizations", "list", "--json").stdout) == []


def test_a_second_time_it_is_not_there(whence, org_id):
    whence("organizations", "delete", org_id, "--yes")

    again = whence("organizations", "delete", org_id, "--yes")

    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == f"whence: no organization {org_id}\n"


def test_what_one_that_was_killed_left_in_the_views_is_taken_out(whence, store, org_id):
    with recording(Settings.load(database_url=store)) as ledger:
        for mode in ("live", "test"):
            ledger.delete(f"{org_id}/{mode}")
    verified = whence("verify")

    again = whence("organizations", "delete", org_id, "--yes")

    assert verified.returncode == 0, verified.stderr
    assert again.returncode == 1
    assert rows_of(store, org_id) == 0


@pytest.mark.usefixtures("store")
def test_a_live_book_in_use_is_told_and_kept(whence, start):
    made = json.loads(whence("organizations", "create", "Kente", "--json").stdout)
    service = start("serve")
    create_customer(service.url, made["keys"]["live"])

    refused = whence("organizations", "delete", made["id"], "--yes")

    assert refused.returncode == 1
    assert "customers or payments in its live book" in refused.stderr
    assert [each["id"] for each in listed(whence)] == [made["id"]]


@pytest.mark.usefixtures("store")
def test_nobody_is_asked_where_nobody_is(whence):
    made = json.loads(whence("organizations", "create", "Kente", "--json").stdout)

    refused = whence("organizations", "delete", made["id"])

    assert refused.returncode == 1
    assert "say --yes" in refused.stderr
    assert [each["id"] for each in listed(whence)] == [made["id"]]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("answer", "left"), [("n\n", 1), ("y\n", 0)])
def test_on_a_terminal_it_is_asked_for(whence, monkeypatch, answer, left):
    made = json.loads(whence("organizations", "create", "Kente", "--json").stdout)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))

    done = whence("organizations", "delete", made["id"])

    assert "Delete it for ever?" in done.stderr
    assert len(listed(whence)) == left
    assert done.returncode == left


def test_one_that_was_half_deleted_is_listed_until_the_rest_goes(whence, store):
    made = json.loads(whence("organizations", "create", "Kente", "--json").stdout)
    with recording(Settings.load(database_url=store)) as ledger:
        ledger.delete(f"{made['id']}/live")

    before = listed(whence)
    done = whence("organizations", "delete", made["id"], "--yes")

    assert [(each["id"], each["name"]) for each in before] == [(made["id"], "Kente")]
    assert done.returncode == 0, done.stderr
    assert listed(whence) == []


@pytest.mark.usefixtures("store")
def test_a_program_is_told_in_json(whence):
    made = json.loads(whence("organizations", "create", "Kente", "--json").stdout)

    done = whence("organizations", "delete", made["id"], "--yes", "--json")

    told = json.loads(done.stdout)
    assert told["id"] == made["id"]
    assert {each["mode"]: each["customers"] for each in told["deleted"]} == {"live": 0, "test": 0}


def test_a_running_service_knows_it_no_more_and_does_not_bring_it_back(whence, store, start):
    service = start("serve")
    key = service.key()
    [mine] = listed(whence)
    create_customer(service.url, key)
    link = create_link(service.url, key)
    assert asked(link["url"])[0] == 200

    assert whence("organizations", "delete", mine["id"], "--yes").returncode == 0

    until = time.monotonic() + PATIENCE_SECONDS
    while asked(f"{service.url}/v1/customers", key)[0] != 401 or asked(link["url"])[0] != 404:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert asked(f"{service.url}/readyz")[0] == 200
    assert whence("verify").returncode == 0
    assert service.stopped(by=15) == 0
    assert rows_of(store, mine["id"]) == 0
    # Nor does another start found anything of its own accord.
    again = start("serve")
    assert asked(f"{again.url}/readyz")[0] in (200, 503)
    assert listed(whence) == []


def listed(whence):
    return json.loads(whence("organizations", "list", "--json").stdout)


def create_customer(url, key):
    return asked(f"{url}/v1/customers", key, {"external_id": "usr_1", "name": "Grace Hopper"})


def create_link(url, key):
    terms = {"name": "Summer Sale", "amount": 4000, "currency": "GHS"}
    status, link = asked(f"{url}/v1/payment-links", key, terms)
    assert status == 201, link
    return json.loads(link)


def asked(url, key=None, body=None):
    """Status and body."""
    headers = {"Content-Type": "application/json"} | ({"X-Reevit-Key": key} if key else {})
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 (our own server)
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own server)
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
