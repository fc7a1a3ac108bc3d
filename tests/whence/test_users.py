"""`whence users`: people get accounts, roles and passwords, and lose them."""

import asyncio
import json

import pytest

from commands.viewers import NobodySignedIn, Viewers
from domain.console_session import SessionEnded
from whence.secret_keys import keyring_of
from whence.settings import Settings
from whence.wiring import handling, recording

PASSWORD = "correct horse battery"
EFUA = "efua@shop.example"


@pytest.fixture
def org_id(whence):
    made = whence("organizations", "create", "Ama's shop", "--json")
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)["id"]


@pytest.fixture
def password_file(tmp_path):
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    return str(file)


@pytest.fixture
def efua(whence, org_id, password_file):  # noqa: ARG001 (it is there)
    done = whence("users", "add", EFUA, "--role", "support", "--password-file", password_file)
    assert done.returncode == 0, done.stderr
    return EFUA


@pytest.fixture
def as_viewers(environment):
    """Does something as the service does that serves the console."""

    def perform(act):
        settings = Settings.load(database_url=environment["WHENCE_DATABASE_URL"])
        with (
            recording(settings) as ledger,
            handling(ledger, keyring=keyring_of(settings)) as handler,
        ):
            return asyncio.run(act(Viewers(handler)))

    return perform


def signing_in(org_id, password=PASSWORD):
    async def sign_in(viewers):
        return await viewers.sign_in_with_password(
            org_id, EFUA, password, "Firefox on Linux", request_id="req_1"
        )

    return sign_in


def test_somebody_who_is_added_signs_in(whence, org_id, efua, as_viewers):
    assert as_viewers(signing_in(org_id))

    listed = json.loads(whence("users", "list", "--json").stdout)
    assert [(each["email"], each["role"]) for each in listed] == [(efua, "support")]
    assert efua in whence("users", "list").stdout


def test_a_password_is_made_where_nobody_can_be_asked_and_told_once(whence, org_id, as_viewers):
    done = whence("users", "add", EFUA, "--role", "owner", "--name", "Efua", "--json")

    told = json.loads(done.stdout)
    assert (told["name"], told["role"]) == ("Efua", "owner")
    assert as_viewers(signing_in(org_id, told["password"]))
    assert "password" not in whence("users", "list", "--json").stdout


@pytest.mark.parametrize(
    "command",
    [("role", EFUA, "finance"), ("password", EFUA), ("remove", EFUA), ("sessions", EFUA, "--end")],
    ids=lambda command: command[0],
)
def test_whoever_is_signed_in_is_out(whence, org_id, efua, as_viewers, command):  # noqa: ARG001
    session = as_viewers(signing_in(org_id))

    done = whence("users", *command)

    assert done.returncode == 0, done.stderr
    with pytest.raises(SessionEnded):
        as_viewers(lambda viewers: viewers.viewer(session))


def test_sessions_say_on_what(whence, org_id, efua, as_viewers):
    as_viewers(signing_in(org_id))

    listed = whence("users", "sessions", efua)
    [told] = json.loads(whence("users", "sessions", efua, "--json").stdout)

    assert "Firefox on Linux" in listed.stdout
    assert told["id"].startswith("ses_")


def test_who_is_removed_signs_in_no_more(whence, org_id, efua, as_viewers):
    whence("users", "remove", efua)

    with pytest.raises(NobodySignedIn):
        as_viewers(signing_in(org_id))
    assert "nobody here is called" in whence("users", "remove", efua).stderr


def test_a_password_that_is_too_short_is_refused_and_repeated_nowhere(whence, org_id, tmp_path):  # noqa: ARG001
    file = tmp_path / "short"
    file.write_text("too short")

    done = whence("users", "add", EFUA, "--role", "owner", "--password-file", str(file))

    assert done.returncode == 1
    assert "at least 12 characters" in done.stderr
    assert "too short" not in done.stderr + done.stdout


def test_where_there_are_several_organizations_one_is_named(whence, org_id, password_file):
    whence("organizations", "create", "Kofi's shop")
    adding = ("users", "add", EFUA, "--role", "owner", "--password-file", password_file)

    assert "--org" in whence(*adding).stderr
    assert whence(*adding, "--org", org_id).returncode == 0
    unknown = whence(*adding, "--org", "org_" + "0" * 26)
    assert "no organization" in unknown.stderr
