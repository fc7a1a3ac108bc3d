"""Command line: it does what it says, for people and for programs."""

import asyncio
import contextlib
import io
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from commands.handling.handler import Context
from commands.organizations import found_organization
from whence import __version__
from whence.settings import Settings
from whence.wiring import handling, recording


@pytest.fixture
def organization(whence):
    made = whence("organizations", "create", "Ama's shop", "--json")
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


@pytest.mark.parametrize(
    "program", [["-m", "whence"], [str(Path(sys.executable).with_name("whence"))]]
)
def test_the_program_is_a_module_and_a_script(program):
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, *program, "--version"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, f"{__version__}\n")


def test_the_version_is_told(whence):
    assert whence("--version").stdout == f"{__version__}\n"


def test_a_created_organization_has_an_id_and_two_keys(organization):
    assert set(organization) == {"id", "keys"}
    assert organization["id"].startswith("org_")
    assert organization["keys"]["test"].startswith("pfk_test_")
    assert organization["keys"]["live"].startswith("pfk_live_")


def test_organizations_are_listed(whence, organization):
    listed = json.loads(whence("organizations", "list", "--json").stdout)

    assert [(each["id"], each["name"]) for each in listed] == [(organization["id"], "Ama's shop")]


def test_organizations_are_listed_in_the_order_in_which_they_were_founded(whence, organization):
    # That of a first start has an id that says nothing of time.
    with recording(Settings.load()) as ledger, handling(ledger) as handler:
        first = f"org_{'0' * 26}"
        asyncio.run(found_organization(handler, "Later", context=Context(), org_id=first))

    listed = json.loads(whence("organizations", "list", "--json").stdout)

    assert [each["id"] for each in listed] == [organization["id"], first]


def test_an_organization_is_created_where_it_is(whence):
    settings = ("--country", "gh", "--time-zone", "Africa/Accra", "--color", "#0b6b63")

    made = json.loads(whence("organizations", "create", "Kente", *settings, "--json").stdout)

    [listed] = json.loads(whence("organizations", "list", "--json").stdout)
    assert listed == {
        "id": made["id"],
        "name": "Kente",
        "country": "GH",
        "time_zone": "Africa/Accra",
        "color": "#0b6b63",
        "created_at": listed["created_at"],
    }


def test_settings_are_changed_in_both_modes_or_in_one(whence, organization):
    update = ("organizations", "update", organization["id"], "--json")
    whence(*update, "--country", "GH", "--name", "Kente")

    one = json.loads(whence(*update, "--mode", "test", "--country", "").stdout)
    both = json.loads(whence(*update, "--color", "#0b6b63").stdout)

    assert list(one) == ["test"]
    told = {mode: (each["name"], each["country"], each["color"]) for mode, each in both.items()}
    assert told == {"test": ("Kente", None, "#0b6b63"), "live": ("Kente", "GH", "#0b6b63")}


def test_a_key_is_issued_listed_and_revoked(whence, organization):
    org_id = organization["id"]
    scopes = ("--scope", "customers:read", "--scope", "payments:read")

    key = json.loads(whence("keys", "create", org_id, "--name", "shop", *scopes, "--json").stdout)
    revoked = whence("keys", "revoke", org_id, key["id"], "--with-descendants", "--json")
    listed = json.loads(whence("keys", "list", org_id, "--json").stdout)

    assert key["key"].startswith("pfk_test_")
    assert json.loads(revoked.stdout) == {"id": key["id"], "revoked": True}
    mine = next(each for each in listed if each["id"] == key["id"])
    assert mine["scopes"] == ["customers:read", "payments:read"]
    assert mine["created_by"] is None
    assert mine["revoked_at"] is not None
    assert "key" not in mine


def test_a_key_made_elsewhere_is_let_in_once(whence, organization, monkeypatch):
    org_id = organization["id"]
    monkeypatch.setattr("sys.stdin", io.StringIO("sk_test_0123456789abcdef\n"))
    key = json.loads(whence("keys", "import", org_id, "--name", "old shop", "--json").stdout)

    listed = json.loads(whence("keys", "list", org_id, "--json").stdout)
    monkeypatch.setattr("sys.stdin", io.StringIO("sk_test_0123456789abcdef\n"))
    again = whence("keys", "import", org_id)

    assert key["name"] == "old shop"
    assert key["id"] in {each["id"] for each in listed}
    assert again.returncode == 1
    assert again.stderr == "whence: this key has been imported before\n"
    assert len(json.loads(whence("organizations", "list", "--json").stdout)) == 1


@pytest.mark.usefixtures("organization")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("keys", "list", "org_nobody"), "org_nobody"),
        (("events", "--book", "nonsense"), "nonsense is not the name of a book"),
        (("keys", "create", "org_nobody", "--scope", "everything:read"), "everything:read"),
        (("organizations", "create", "A", "--country", "UK"), "country: is not an ISO 3166"),
        (
            ("organizations", "update", "org_nobody", "--time-zone", "localtime"),
            "time_zone: 'localtime' is",
        ),
        (("organizations", "update", "org_nobody", "--country", "GH"), "org_nobody"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(whence, arguments, sentence):
    refused = whence(*arguments)

    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_events_are_lines_of_json(whence, organization):
    book = f"{organization['id']}/test"

    lines = whence("events", "--book", book, "--json").stdout.splitlines()
    later = whence("events", "--book", book, "--after", "1", "--json").stdout.splitlines()

    facts = [json.loads(line) for line in lines]
    assert [fact["topic"] for fact in facts] == ["organization.founded", "organization.key_issued"]
    assert [fact["position"] for fact in facts] == [1, 2]
    assert lines[1:] == later


def test_a_database_that_cannot_be_opened_is_one_sentence(whence, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("WHENCE_DATABASE_URL", f"sqlite:///{tmp_path / 'file' / 'ledger.db'}")

    refused = whence("organizations", "create", "Ama's shop")

    assert refused.returncode == 1
    assert refused.stderr.startswith("whence: the database cannot be opened: ")
    assert refused.stderr.count("\n") == 1


def damage(database):
    """Overwrites all but the first pages, as a failing disk might."""
    with database.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (database.stat().st_size - 8192))


@pytest.mark.usefixtures("organization")
@pytest.mark.parametrize("command", [("organizations", "list"), ("events",), ("verify",)])
def test_a_damaged_database_is_one_sentence(whence, tmp_path, command):
    for journal in tmp_path.glob("ledger.db-*"):
        journal.unlink()
    damage(tmp_path / "ledger.db")

    refused = whence(*command)

    assert refused.returncode == 1
    assert "whence: the database " in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.usefixtures("organization")
def test_tables_that_may_not_be_upgraded_on_start_are_asked_for_in_one_sentence(
    whence, monkeypatch, tmp_path
):
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as older, older:
        told = ("delivery_cursors", "deliveries", "delivery_attempts")
        followed = ("workflow_cursors", "workflow_executions", "workflow_actions")
        for name in ("leases", *told, *followed, "maintenance_runs", "processes"):
            older.execute(f"DROP TABLE {name}")
        older.execute("UPDATE alembic_version SET version_num = '0001'")
    monkeypatch.setenv("WHENCE_UPGRADE_ON_START", "false")

    refused = whence("organizations", "list")
    upgraded = whence("db", "upgrade")
    listed = whence("organizations", "list")

    assert refused.returncode == 1
    assert refused.stderr.startswith("whence: the ledger's tables are as of 0001")
    assert refused.stderr.endswith("run `whence db upgrade`\n")
    assert (upgraded.returncode, listed.returncode) == (0, 0)


@pytest.mark.usefixtures("organization")
@pytest.mark.parametrize("upgrading", ["true", "false"])
def test_tables_of_a_newer_release_are_left_alone(whence, monkeypatch, tmp_path, upgrading):
    change(tmp_path / "ledger.db", "UPDATE alembic_version SET version_num = '9999'")
    monkeypatch.setenv("WHENCE_UPGRADE_ON_START", upgrading)

    refused = whence("organizations", "list")

    assert refused.returncode == 1
    assert refused.stderr.startswith("whence: the ledger's tables are as of 9999")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 256, "a\nb", "\x1b[31m", "\udcff"])
def test_an_organization_has_a_name_that_fits_a_line(whence, name):
    refused = whence("organizations", "create", name)

    assert refused.returncode == 1
    assert refused.stderr.startswith("whence: name: ")
    assert refused.stderr.count("\n") == 1
    assert whence("organizations", "list").returncode == 2


@pytest.mark.parametrize("name", ["Ɔdɔ 🌍 株式会社", "[red]Ama[/red]", "[/x]"])
def test_a_name_is_listed_as_it_is(whence, name):
    whence("organizations", "create", name)

    assert name in whence("organizations", "list").stdout


def test_a_name_cannot_steer_the_terminal(whence, organization):
    whence("keys", "create", organization["id"], "--name", "\x1b[2Jshop")

    listed = whence("keys", "list", organization["id"]).stdout

    assert "\x1b" not in listed
    assert "[2Jshop" in listed


def test_a_restored_store_begins_a_new_epoch_and_has_its_views_built_anew(whence, organization):
    whence("rebuild")

    first, second = [whence("db", "restored").stdout.split() for _ in range(2)]

    assert (first[-1], second[-1]) == ("2.", "3.")
    assert first[3] == second[3]
    whence("rebuild")
    assert whence("verify").returncode == 0
    listed = json.loads(whence("organizations", "list", "--json").stdout)
    assert [each["id"] for each in listed] == [organization["id"]]


def test_the_schema_can_be_upgraded_again_and_again(whence):
    assert whence("db", "upgrade").returncode == 0
    assert whence("db", "upgrade").returncode == 0


@pytest.mark.usefixtures("organization")
def test_the_views_are_rebuilt_and_verified(whence):
    rebuilt = whence("rebuild")
    verified = whence("verify")

    assert rebuilt.returncode == 0, rebuilt.stderr
    assert verified.returncode == 0, verified.stderr + verified.stdout


def change(database, statement):
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        assert connection.execute(statement).rowcount == 1


def test_verify_names_the_position_of_a_fact_that_was_changed(whence, organization, tmp_path):
    assert whence("rebuild").returncode == 0
    change(
        tmp_path / "ledger.db",
        f"UPDATE events SET data = replace(data, 'Ama', 'Eve') "  # noqa: S608 (our own id)
        f"WHERE book = '{organization['id']}/test' AND position = 1",
    )

    verified = whence("verify")

    assert verified.returncode == 1
    assert f"{organization['id']}/test: position 1 changed" in verified.stderr


def test_verify_names_a_row_that_is_not_what_the_facts_say(whence, tmp_path):
    demo = ("demo", "--customers", "5", "--payments", "20", "--until", "2026-11-01")
    assert whence(*demo).returncode == 0
    assert whence("verify").returncode == 0
    change(
        tmp_path / "views-1.db",
        "UPDATE customer_totals SET total_spent = 99 WHERE customer_id = "
        "(SELECT min(customer_id) FROM customer_totals)",
    )

    verified = whence("verify")

    assert verified.returncode == 1
    assert "customer_totals" in verified.stderr
    assert "total_spent=99" in verified.stderr


def test_the_demo_tells_the_same_story_for_the_same_seed(whence):
    demo = ("demo", "--customers", "20", "--payments", "100", "--until", "2026-11-01")

    first = whence(*demo, "--seed", "7").stdout.split("Organization ")[0]
    second = whence(*demo, "--seed", "7").stdout.split("Organization ")[0]
    other = whence(*demo, "--seed", "8").stdout.split("Organization ")[0]

    assert "Sunbird Resellers" in first
    assert "payment_link" in first
    assert first == second
    assert first != other


def test_the_subscriptions_of_the_demo_are_subscriptions_like_any_other(whence):
    demo = ("demo", "--customers", "20", "--payments", "200", "--until", "2026-11-01")

    tellings = []
    for _ in range(2):
        assert whence(*demo, "--seed", "7").returncode == 0
        organizations = json.loads(whence("organizations", "list", "--json").stdout)
        book = f"{organizations[-1]['id']}/test"
        told = whence("events", "--book", book, "--json").stdout.splitlines()
        # Whose organization it is, its keys and addresses differ: the rest is the same story.
        tellings.append(
            [
                (fact["stream"], fact["topic"], fact["data"] | {"code": None})
                for fact in map(json.loads, told)
                if not fact["topic"].startswith("organization.")
            ]
        )

    assert tellings[0] == tellings[1]
    by_topic = {}
    for stream, topic, data in tellings[0]:
        by_topic.setdefault(topic, []).append((stream, data))
    begun = {stream for stream, _ in by_topic["subscription.created"]}
    charged = {
        stream: data["source_id"]
        for stream, data in by_topic["payment.created"]
        if data["source"] == "subscription"
    }
    billed = {data["payment_id"]: data["subscription_id"] for _, data in by_topic["invoice.issued"]}
    assert len(begun) > 1
    assert set(charged.values()) == begun
    assert billed == charged
    assert len(billed) == len(by_topic["subscription.renewed"])
    assert len(by_topic["invoice.paid"]) > len(by_topic["invoice.failed"]) > 0
    assert whence("verify").returncode == 0


def test_no_secret_is_printed_with_the_facts(whence, organization):
    printed = whence("events", "--book", f"{organization['id']}/test", "--json").stdout
    founded = json.loads(printed.splitlines()[0])

    assert founded["topic"] == "organization.founded"
    assert founded["data"]["client_secret_seed"] == "(kept)"
    assert organization["keys"]["test"] not in printed


def test_the_ledger_is_backed_up_and_moves_house_with_every_digest(
    whence, organization, monkeypatch, tmp_path, postgresql_url
):
    before = whence("events", "--json").stdout

    backed_up = whence("db", "backup", str(tmp_path / "backup.db"))
    moved = whence("db", "copy", postgresql_url)
    again = whence("db", "copy", postgresql_url)
    monkeypatch.setenv("WHENCE_DATABASE_URL", postgresql_url)

    for copied in (backed_up, moved):
        assert "Copied 4 facts in 2 books; the copy is store" in copied.stdout
    assert again.returncode == 1
    assert again.stderr.endswith("copy into an empty one\n")
    assert whence("events", "--json").stdout == before
    assert whence("rebuild").returncode == 0
    assert whence("verify").returncode == 0
    assert whence("keys", "list", organization["id"], "--json").returncode == 0


def listed_states(whence):
    listed = json.loads(whence("generations", "list", "--json").stdout)
    return {each["number"]: each["state"] for each in listed}


@pytest.mark.usefixtures("organization")
def test_a_kept_set_of_views_serves_again_and_the_other_goes(whence):
    whence("rebuild")
    whence("rebuild")

    switched = whence("generations", "switch", "1")
    after = listed_states(whence)
    dropped = whence("generations", "drop", "2")

    assert switched.stdout.startswith("Generation 1 serves")
    assert after == {1: "serving", 2: "kept"}
    assert dropped.returncode == 0
    assert listed_states(whence) == {1: "serving"}


@pytest.mark.usefixtures("organization")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("generations", "switch", "7"), "there is no generation 7"),
        (("generations", "drop", "7"), "there is no generation 7"),
        (("generations", "drop", "1"), "generation 1 serves"),
        (("generations", "drop", "1", "--unused"), "generation 1 serves"),
        (("verify", "--generation", "7"), "there is no generation 7"),
    ],
)
def test_a_set_of_views_that_is_not_there_or_serves_is_refused_in_one_sentence(
    whence, arguments, sentence
):
    whence("rebuild")

    refused = whence(*arguments)

    assert refused.returncode == 1
    assert f"whence: {sentence}" in refused.stderr
    assert listed_states(whence) == {1: "serving"}


def test_two_sets_of_views_at_the_same_positions_have_the_same_digests(whence):
    whence("demo", "--customers", "5", "--payments", "20", "--until", "2026-11-01")
    whence("rebuild")

    first, second = [
        json.loads(whence("verify", "--generation", number, "--json").stdout)
        for number in ("1", "2")
    ]

    assert (first.pop("generation"), second.pop("generation")) == (1, 2)
    assert first == second
    assert sum(t["rows"] for book in first["books"] for t in book["tables"].values()) > 20


@pytest.mark.usefixtures("organization")
def test_sets_of_views_are_listed_for_people(whence):
    whence("rebuild")

    listed = whence("generations", "list").stdout

    assert "serving" in listed
    assert "this release" in listed
