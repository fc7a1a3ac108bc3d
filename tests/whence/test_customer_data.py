"""`whence customers data`: all that is kept of one customer, written by an operator."""

import asyncio
import json
import stat
from zipfile import ZipFile

import pytest

from commands.customers import CreateCustomer, create_customer
from commands.handling.handler import Context
from commands.organizations import found_organization
from whence.settings import Settings
from whence.wiring import handling, recording


@pytest.fixture
def shop(whence):
    """An organization with one customer, in its live book, and views of both."""
    with recording(Settings.load()) as ledger, handling(ledger) as handler:

        async def begin():
            founded = await found_organization(handler, "Ama's shop", context=Context())
            ama = CreateCustomer(external_id="usr_ama", name="Ama Mensah")
            await handler.perform(f"{founded.org_id}/live", lambda work: create_customer(work, ama))
            return founded.org_id

        org_id = asyncio.run(begin())
    whence("rebuild")
    return org_id


def test_the_archive_is_written_for_its_owner_alone_and_the_asking_is_recorded(
    whence, shop, tmp_path
):
    file = tmp_path / "ama.zip"

    done = whence("customers", "data", shop, "usr_ama", "--to", str(file))

    assert done.stdout == f"{file} holds all that is kept of usr_ama\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with ZipFile(file) as archive:
        whole = json.loads(archive.read("data.json"))
    assert whole["customer"]["name"] == "Ama Mensah"
    [seen] = whole["seen_by"]
    assert (seen["by"], seen["actor"], seen["topic"]) == (
        "operator",
        "operator",
        "customer.data_taken",
    )
    assert whole["facts"][0]["topic"] == "customer.registered"


def test_what_cannot_be_done_is_said_and_nothing_is_written(whence, shop, tmp_path):
    file = tmp_path / "ama.zip"

    def refused(*asked):
        done = whence("customers", "data", *asked, "--to", str(file))
        assert (done.returncode, file.exists()) == (1, False)
        return done.stderr

    assert refused(shop, "usr_kofi") == "whence: no customer usr_kofi\n"
    assert "there is no book" in refused(f"org_{'0' * 26}", "usr_ama")
    whence("customers", "data", shop, "usr_ama", "--to", str(tmp_path / "first.zip"))
    assert "the views are late by 1 of the facts" in refused(shop, "usr_ama")


def test_a_file_that_is_there_is_not_overwritten(whence, shop, tmp_path):
    file = tmp_path / "ama.zip"
    file.write_text("mine")

    done = whence("customers", "data", shop, "usr_ama", "--to", str(file))

    assert done.returncode == 1
    assert "nothing is overwritten" in done.stderr
    assert file.read_text() == "mine"
