"""Forms that are sent while the ledger cannot be reached: nothing typed is lost."""

import pytest
from console_browser import signed_in
from page_forms import fields_of


@pytest.fixture
def server(new_server):
    return new_server()


@pytest.fixture
def console(server):
    founded = server.found("Ama's shop")
    with signed_in(server.url, founded.keys["test"]) as browser:
        browser.get("/console/customers")
        yield browser


def test_a_form_that_was_not_recorded_stands_there_as_it_was_typed(server, console):
    typed = fields_of(console.get("/console/customers/new").text)
    typed |= {"name": "Ama Mensah", "email": "ama@shop.example"}
    server.ledger.close()

    failed = console.post("/console/customers/new", data=typed)

    assert failed.status_code == 503
    assert "refresh" not in failed.headers
    assert "perhaps not recorded: send it again" in failed.text
    assert fields_of(failed.text) == typed


def test_a_form_of_settings_keeps_what_makes_sending_it_twice_do_it_once(server, console):
    typed = fields_of(console.get("/console/settings/organization").text) | {"name": "Efua's"}
    server.ledger.close()

    failed = console.post("/console/settings/organization", data=typed)

    assert "refresh" not in failed.headers
    assert fields_of(failed.text)["name"] == "Efua's"
    assert fields_of(failed.text)["once"] == typed["once"]
