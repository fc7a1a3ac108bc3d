"""The organization on its page: what is said of it, and changed."""

from console_browser import signed_in
from console_people import add_person, signed_in_as
from money_console import read, send

from domain.organization import UNNAMED

PLACE = "/console/settings/organization"
SAID = {
    "name": "Kente Shop",
    "country": "GH",
    "time_zone": "Africa/Accra",
    "contact_email": "owner@shop.example",
    "color": "#aa3366",
    "invoice_prefix": "KS-",
}


def test_what_is_saved_is_what_the_api_says(console, client):
    status, place = send(console, PLACE, **SAID)

    assert (status, place) == (303, PLACE)
    organization = client.get("/v1/organization").json()
    assert {name: organization[name] for name in SAID} == SAID
    page = console.get(PLACE).text
    assert all(f'value="{value}"' in page for value in SAID.values())
    assert 'fill="#aa3366"' in page


def test_the_header_shows_its_name_and_its_colour(console):
    send(console, PLACE, **SAID)

    header = rail(console)
    assert '<strong dir="auto" title="Kente Shop">Kente Shop</strong>' in header
    assert 'fill="#aa3366"' in header


def test_a_mode_without_a_name_shows_that_of_the_other_and_without_either_the_id(new_server):
    server = new_server()
    founded = server.found(UNNAMED)
    with signed_in(server.url, founded.keys["live"]) as live:
        assert founded.org_id in rail(live)

        with signed_in(server.url, founded.keys["test"]) as test:
            send(test, PLACE, name="Kente Shop")

        assert "Kente Shop" in rail(live)


def rail(browser):
    """Who looks at what, at the side of each page."""
    return browser.get("/console/customers").text.partition('id="rail"')[2].partition("<ul")[0]


def test_what_is_left_empty_is_cleared(console, client):
    send(console, PLACE, **SAID)

    send(console, PLACE, name="Kente Shop")

    organization = client.get("/v1/organization").json()
    assert organization["name"] == "Kente Shop"
    assert [organization[name] for name in ("country", "time_zone", "color")] == [None] * 3


def test_what_cannot_be_is_said_beside_its_field_and_changes_nothing(console, client):
    before = client.get("/v1/organization").json()

    status, shown = send(console, PLACE, **SAID | {"color": "red", "time_zone": "Kente/Town"})

    assert status == 400
    assert "Kente/Town" in console.post(PLACE, data=SAID | {"time_zone": "Kente/Town"}).text
    assert client.get("/v1/organization").json() == before
    assert shown.count("Save changes") == 1


def test_without_a_name_it_is_asked_for_one_and_what_was_typed_stays(console, client):
    before = client.get("/v1/organization").json()

    status, shown = send(console, PLACE, country="KE")

    assert status == 400
    assert "Save changes" in shown
    form = console.post(PLACE, data={"country": "KE"}).text
    assert 'id="f-name-error"' in form
    assert 'value="KE"' in form
    assert console.post(PLACE, data={"color": "red"}).status_code == 400
    assert client.get("/v1/organization").json() == before


def test_support_reads_it_and_changes_nothing(merchant, client):
    add_person(merchant, "efua@shop.example", "support")
    with signed_in_as(merchant, "efua@shop.example") as browser:
        assert "Save changes" not in read(browser, PLACE)
        assert browser.post(PLACE, data=SAID).status_code == 403

    assert client.get("/v1/organization").json()["name"] != "Kente Shop"


def test_settings_begin_with_what_everybody_has(merchant):
    add_person(merchant, "efua@shop.example", "owner")
    with signed_in_as(merchant, "efua@shop.example") as browser:
        assert browser.get("/console/settings").headers["location"] == PLACE
