"""API keys on pages: made with the scopes that are ticked, shown once, and revoked."""

import re

from api_server import Merchant
from console_browser import signed_in
from console_people import add_person, signed_in_as
from money_console import HOSTILE, made, read, send

KEYS = "/console/settings/keys"


def key_in(shown):
    return re.search(r"pfk_test_\S+", shown)[0]


def test_a_key_is_made_with_the_scopes_that_are_ticked_and_works(console, client, merchant):
    scopes = ["payments:read", "customers:read"]

    status, shown = send(console, f"{KEYS}/new", name="the website", scopes=scopes)

    assert status == 200
    assert "This is shown once" in shown
    with merchant.client(key_in(shown)) as website:
        assert website.get("/v1/payments").status_code == 200
        assert website.get("/v1/invoices").status_code == 403
    [listed, _first] = client.get("/v1/api-keys").json()
    assert (listed["name"], listed["scopes"]) == ("the website", sorted(scopes))


def test_a_key_is_shown_once_and_by_no_form_that_is_sent_again(console, client):
    form = console.get(f"{KEYS}/new").text
    once = re.search(r'name="once" value="([^"]+)"', form)[1]
    said = {"once": once, "name": "till", "access": "all"}
    key = key_in(console.post(f"{KEYS}/new", data=said).text)

    again = console.post(f"{KEYS}/new", data=said).text
    [till, _first] = client.get("/v1/api-keys").json()

    assert "was made and shown before" in again
    for shown in (again, console.get(KEYS).text, console.get(f"{KEYS}/{till['id']}").text):
        assert key.partition(".")[2].rstrip("<") not in shown


def test_nothing_ticked_is_nobody_s_way_to_say_everything(console, client):
    status, shown = send(console, f"{KEYS}/new", name="till")

    assert status == 400
    assert "Tick what the key may." in shown
    assert len(client.get("/v1/api-keys").json()) == 1


def test_the_list_shows_what_the_api_says_of_each_and_who_made_it(console, client):
    made(client, "/v1/api-keys", name=HOSTILE, scopes=["payments:read"])

    shown = read(console, KEYS)

    [listed, first] = client.get("/v1/api-keys").json()
    assert listed["created_by_name"] == "first key"
    assert first["created_by_name"] is None
    for words in (
        HOSTILE,
        "payments:read",
        "Everything",
        "first key",
        "An operator",
        "1 to 2 of 2",
    ):
        assert words in shown


def test_a_key_that_a_person_has_made_is_theirs(merchant: Merchant, client):
    user = add_person(merchant, "efua@shop.example", "owner", "Efua Asante")
    with signed_in_as(merchant, user.email) as browser:
        send(browser, f"{KEYS}/new", name="till", access="all")

        assert "Efua Asante" in read(browser, KEYS)

    [till, _first] = client.get("/v1/api-keys").json()
    # A key of test mode knows nobody by name.
    assert (till["created_by"], till["created_by_name"]) == (user.id, None)


def test_a_key_is_revoked_by_its_name_and_leaves_the_list(console, client):
    key = made(client, "/v1/api-keys", name="till", scopes=["api_keys:write", "payments:read"])
    page = f"{KEYS}/{key['id']}"

    wrong = console.post(f"{page}/revoke", data={"typed": "tils"})
    assert wrong.status_code == 422
    assert "This is not its name." in wrong.text

    done = console.post(f"{page}/revoke", data={"typed": "till"})

    assert done.headers["location"] == KEYS
    assert "till" not in read(console, KEYS).partition("API keys")[2].partition("first key")[0]
    assert "till" in read(console, f"{KEYS}?revoked=true")
    assert "Revoke the key" not in read(console, page)
    assert client.get(f"/v1/api-keys/{key['id']}").json()["revoked_at"] is not None


def test_who_leaked_with_all_that_came_of_it_goes_at_once(console, client, merchant):
    leaked = made(client, "/v1/api-keys", name="leaked")
    with merchant.client(leaked["key"]) as thief:
        child = made(thief, "/v1/api-keys", name="child")

    console.post(
        f"{KEYS}/{leaked['id']}/revoke", data={"typed": "leaked", "with_descendants": "true"}
    )

    assert client.get(f"/v1/api-keys/{child['id']}").json()["revoked_at"] is not None


def test_finance_and_support_see_no_keys(merchant):
    for role in ("finance", "support"):
        add_person(merchant, f"{role}@shop.example", role)
        with signed_in_as(merchant, f"{role}@shop.example") as browser:
            assert KEYS not in browser.get("/console").text
            assert browser.get(KEYS).status_code == 403
            assert (
                browser.post(f"{KEYS}/new", data={"name": "x", "access": "all"}).status_code == 403
            )


def test_a_key_of_few_scopes_is_offered_no_others(client, merchant):
    few = made(client, "/v1/api-keys", name="few", scopes=["api_keys:read", "api_keys:write"])
    with signed_in(merchant.server.url, few["key"]) as browser:
        form = browser.get(f"{KEYS}/new").text

    assert set(re.findall(r'name="scopes" value="([^"]+)"', form)) == {
        "api_keys:read",
        "api_keys:write",
    }
    assert 'name="access"' not in form
