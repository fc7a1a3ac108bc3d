"""People on pages: an owner adds, changes and removes them, and sees where they are signed in."""

import re

import pytest
from api_server import Merchant
from console_browser import browser_at
from console_people import add_person, signed_in_as
from money_console import HOSTILE, read, send
from page_text import text_of

from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.generations.registry import Registered

PEOPLE = "/console/settings/people"
EFUA = "efua@shop.example"
KOFI = "kofi@shop.example"


@pytest.fixture
def kofi(merchant):
    return add_person(merchant, KOFI, "owner", "Kofi Boateng")


@pytest.fixture
def owner(merchant, kofi):
    with signed_in_as(merchant, kofi.email) as browser:
        yield browser


def signs_in(merchant, password):
    login = {"organization": merchant.org_id, "email": EFUA, "password": password}
    with browser_at(merchant.server.url) as browser:
        return browser.post("/console/login", data=login).status_code == 303


def password_in(shown):
    return re.search(r"Password (?:Copy: Password )?([\w-]{20})(?![\w-])", shown)[1]


def test_somebody_is_added_with_a_password_that_is_shown_once(owner, merchant):
    status, shown = send(owner, f"{PEOPLE}/new", email=EFUA, name=HOSTILE, role="support")

    assert status == 200
    assert merchant.org_id in shown
    assert f"{merchant.server.url}/console/login" in shown
    password = password_in(shown)
    assert signs_in(merchant, password)
    listed = read(owner, PEOPLE)
    for words in (HOSTILE, EFUA, "Kofi Boateng", "You", "Support", "1 to 2 of 2"):
        assert words in listed
    assert password not in listed


def test_who_cannot_be_added_is_said_beside_the_field(owner):
    status, shown = send(owner, f"{PEOPLE}/new", email=KOFI, role="support")

    assert status == 409
    assert "has an account of this organization already" in shown


def test_another_role_another_password_and_the_end(owner, merchant):
    efua = add_person(merchant, EFUA, "support", "Efua Asante")
    page = f"{PEOPLE}/{efua.id}"
    with signed_in_as(merchant, EFUA) as browser:
        assert "Sign them out everywhere" in read(owner, page)

        assert owner.post(f"{page}/sign-out").headers["location"] == page

        assert browser.get("/console").status_code == 303
    owner.post(f"{page}/role", data={"role": "finance"})
    assert "Finance" in read(owner, page)
    password = password_in(text_of(owner.post(f"{page}/password").text))
    assert signs_in(merchant, password)
    assert owner.post(f"{page}/remove", data={"typed": KOFI}).status_code == 422
    assert owner.post(f"{page}/remove", data={"typed": EFUA}).headers["location"] == PEOPLE
    assert not signs_in(merchant, password)
    assert read(owner, page, status=404)


def test_an_owner_sees_which_covered_customers_somebody_asked_to_see(owner, merchant, client):
    efua = add_person(merchant, EFUA, "support", "Efua Asante")
    seen, taken = (
        client.post("/v1/customers", json={"name": name}).json()["id"] for name in ("Ama", "Yaw")
    )
    assert "have not asked to see" in read(owner, f"{PEOPLE}/{efua.id}")
    with signed_in_as(merchant, EFUA) as browser:
        browser.post(f"/console/customers/{seen}/reveal")
    owner.get(f"/console/customers/{taken}/data.zip")

    shown = read(owner, f"{PEOPLE}/{efua.id}")

    assert "Saw who a customer is Ama just now" in shown
    assert "Yaw" not in shown
    with signed_in_as(merchant, KOFI, mode="live") as live:
        assert "Signed in" in read(live, f"{PEOPLE}/{efua.id}")


def test_while_views_are_rebuilt_the_page_names_nobody_and_does_all_else(new_server):
    rebuilding = ViewsRebuilding(Registered(2, "", "building", 25, 100))
    server = new_server(rebuilding=rebuilding)
    merchant = Merchant(server, server.found("Ama's shop"))
    add_person(merchant, KOFI, "owner")
    efua = add_person(merchant, EFUA, "support")
    with signed_in_as(merchant, EFUA, mode="live"):
        pass

    with signed_in_as(merchant, KOFI, mode="live") as owner:
        shown = read(owner, f"{PEOPLE}/{efua.id}")

    assert "Signed in" in shown
    assert "Sign them out everywhere" in shown


def test_the_page_shows_itself_where_what_they_looked_at_cannot_be_read(owner, kofi):
    shown = read(owner, f"{PEOPLE}/{kofi.id}?cursor=made-up")

    assert "This could not be read" in shown
    assert KOFI in shown


def test_a_form_sent_twice_shows_no_password_that_does_not_sign_in(owner, merchant):
    efua = add_person(merchant, EFUA, "support", "Efua Asante")
    path, form = f"{PEOPLE}/{efua.id}/password", {"once": "4d2c"}
    first = owner.post(path, data=form)

    again = owner.post(path, data=form)

    assert "It is not shown again" in again.text
    assert signs_in(merchant, password_in(text_of(first.text)))


def test_nobody_gets_another_password_of_their_own_without_the_one_they_have(owner, kofi, merchant):
    page = f"{PEOPLE}/{kofi.id}"
    assert "Make another password" not in read(owner, page)

    refused = owner.post(f"{page}/password")

    assert refused.status_code == 403
    assert "with the one you have" in text_of(refused.text)
    with signed_in_as(merchant, KOFI) as another:
        assert another.get("/console").status_code == 200
    assert owner.get("/console").status_code == 200


def test_the_last_owner_neither_removes_nor_demotes_themself(owner, kofi):
    page = f"{PEOPLE}/{kofi.id}"

    demoted = owner.post(f"{page}/role", data={"role": "support"})
    removed = owner.post(f"{page}/remove", data={"typed": KOFI})

    assert (demoted.status_code, removed.status_code) == (409, 422)
    for refused in (demoted, removed):
        assert "is the last owner: make somebody else an owner first" in refused.text
    assert owner.get(PEOPLE).status_code == 200


def test_what_an_owner_does_with_people_has_them_as_its_actor(owner, kofi, merchant):
    efua = add_person(merchant, EFUA, "support")

    owner.post(f"{PEOPLE}/{efua.id}/role", data={"role": "finance"})

    facts = merchant.server.ledger.read_stream(f"{merchant.org_id}/live", efua.id)
    assert kofi.id in facts[-1].context


def test_support_and_a_key_of_test_mode_see_nobody(merchant, console):
    add_person(merchant, EFUA, "support")
    with signed_in_as(merchant, EFUA) as browser:
        assert PEOPLE not in browser.get("/console").text
        assert browser.get(PEOPLE).status_code == 403
    for page in (PEOPLE, f"{PEOPLE}/new"):
        assert "People belong to live mode" in console.get(page).text


def test_a_key_of_test_mode_is_told_where_people_are(console):
    for place in ("/console/settings/account", "/console/settings/organization"):
        assert f'href="{PEOPLE}"' in console.get(place).text

    refused = read(console, PEOPLE)

    assert "People belong to live mode" in refused
    assert "Sign in otherwise" in refused


def test_what_they_looked_at_leads_to_the_other_mode(owner, merchant):
    efua = add_person(merchant, EFUA, "support")
    page = f"{PEOPLE}/{efua.id}"
    shown = read(owner, page)

    led = owner.post("/console/mode", data={"mode": "live", "next": page})

    assert "what they did in test mode" in shown
    assert led.headers["location"] == page
    assert "what they did in live mode" in read(owner, page)
