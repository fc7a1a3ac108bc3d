"""People of an organization: added, given roles and passwords, signed out and removed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from console_browser import browser_at
from console_people import signed_in_as

from domain.api_key import SCOPES

EFUA = {"email": "efua@shop.example", "name": "Efua Asante", "role": "support"}
KOFI = {"email": "kofi@shop.example", "role": "owner"}
PASSWORD = "a password of their own"

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def live(merchant):
    with merchant.client(merchant.founded.keys["live"]) as client:
        yield client


def added(live, person, **more):
    made = live.post("/v1/users", json=person | more)
    assert made.status_code == 201, made.text
    return made.json()


def signs_in(merchant, email, password):
    login = {"organization": merchant.org_id, "email": email, "password": password}
    with browser_at(merchant.server.url) as browser:
        return browser.post("/console/login", data=login).status_code == 303


@on_both_databases
def test_somebody_is_added_with_a_password_that_is_told_once(live, merchant):
    efua = added(live, EFUA)

    assert signs_in(merchant, EFUA["email"], efua["password"])
    [listed] = live.get("/v1/users").json()["users"]
    assert "password" not in listed
    assert {name: listed[name] for name in EFUA} == EFUA
    assert listed["sessions"] == 1
    assert listed["last_seen_at"] is not None
    assert live.get(f"/v1/users/{efua['id']}").json() == listed


def test_or_with_one_that_is_chosen_and_not_told_at_all(live, merchant):
    efua = added(live, EFUA, password=PASSWORD)

    assert efua["password"] is None
    assert signs_in(merchant, EFUA["email"], PASSWORD)
    short = live.post("/v1/users", json=KOFI | {"password": "short"}).json()
    assert short["details"]["field"] == "password"


def test_a_password_is_never_stored_not_even_under_an_idempotency_key(live, server):
    headers = {"Idempotency-Key": "once"}
    first = live.post("/v1/users", json=EFUA, headers=headers).json()

    again = live.post("/v1/users", json=EFUA, headers=headers)

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first | {"password": None}
    for suffix in ("", "-wal"):
        stored = Path(f"{server.ledger.engine.url.database}{suffix}").read_bytes()
        assert first["password"].encode() not in stored


@on_both_databases
def test_no_other_password_than_the_one_that_was_set_is_told_under_its_key(live, merchant):
    path, headers = f"/v1/users/{added(live, EFUA)['id']}/password", {"Idempotency-Key": "once"}
    first = live.post(path, headers=headers).json()

    again = live.post(path, headers=headers)

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first | {"password": None}
    assert signs_in(merchant, EFUA["email"], first["password"])


def test_another_role_or_password_signs_them_out_everywhere(live, merchant):
    added(live, KOFI)
    efua = added(live, EFUA, password=PASSWORD)
    path = f"/v1/users/{efua['id']}"

    with browser_at(merchant.server.url) as browser:
        login = {"organization": merchant.org_id, "email": EFUA["email"], "password": PASSWORD}
        browser.post("/console/login", data=login)
        assert len(live.get(f"{path}/sessions").json()["sessions"]) == 1

        changed = live.patch(path, json={"role": "finance"})

        assert changed.json()["role"] == "finance"
        assert live.get(f"{path}/sessions").json() == {"sessions": []}
        assert browser.get("/console").status_code == 303
    another = live.post(f"{path}/password").json()["password"]
    assert not signs_in(merchant, EFUA["email"], PASSWORD)
    assert signs_in(merchant, EFUA["email"], another)


def test_their_sessions_are_ended_and_they_may_sign_in_again(live, merchant):
    efua = added(live, EFUA, password=PASSWORD)
    with browser_at(merchant.server.url) as browser:
        login = {"organization": merchant.org_id, "email": EFUA["email"], "password": PASSWORD}
        browser.post("/console/login", data=login)

        ended = live.delete(f"/v1/users/{efua['id']}/sessions")

        assert ended.status_code == 204
        assert browser.get("/console").status_code == 303
        assert browser.post("/console/login", data=login).status_code == 303


@on_both_databases
def test_the_last_owner_stays_one(live):
    kofi, efua = added(live, KOFI), added(live, EFUA)

    for path in (f"/v1/users/{kofi['id']}", f"/v1/users/{efua['id']}"):
        removed = live.delete(path)
        assert removed.status_code == (409 if kofi["id"] in path else 204)
    demoted = live.patch(f"/v1/users/{kofi['id']}", json={"role": "support"})
    assert (demoted.status_code, demoted.json()["code"]) == (409, "last_owner")

    added(live, EFUA, role="owner")

    assert live.delete(f"/v1/users/{kofi['id']}").status_code == 204
    gone = live.get(f"/v1/users/{kofi['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "user_not_found")


@on_both_databases
def test_of_two_owners_who_remove_each_other_one_stays(live):
    owners = [added(live, KOFI | {"email": f"owner{n}@shop.example"})["id"] for n in range(2)]

    with ThreadPoolExecutor(2) as both:
        answers = [*both.map(lambda each: live.delete(f"/v1/users/{each}"), owners)]

    assert sorted(each.status_code for each in answers) == [204, 409]
    assert len(live.get("/v1/users").json()["users"]) == 1


def test_a_key_of_test_mode_has_nothing_to_do_with_accounts(client, live):
    efua = added(live, EFUA)

    refused = [
        client.get("/v1/users"),
        client.get(f"/v1/users/{efua['id']}"),
        client.post("/v1/users", json=KOFI),
        client.patch(f"/v1/users/{efua['id']}", json={"role": "owner"}),
        client.post(f"/v1/users/{efua['id']}/password"),
        client.delete(f"/v1/users/{efua['id']}"),
        client.get(f"/v1/users/{efua['id']}/sessions"),
        client.delete(f"/v1/users/{efua['id']}/sessions"),
    ]

    assert {(each.status_code, each.json()["code"]) for each in refused} == {
        (403, "live_key_needed")
    }


def test_nobody_makes_somebody_who_may_more_than_they_do(live, merchant):
    kofi = added(live, KOFI)
    scopes = ["users:read", "users:write", "payments:read"]
    narrow_key = live.post("/v1/api-keys", json={"name": "few", "scopes": scopes}).json()["key"]

    with merchant.client(narrow_key) as narrow:
        refused = [
            narrow.post("/v1/users", json=EFUA),
            narrow.post(f"/v1/users/{kofi['id']}/password"),
            narrow.delete(f"/v1/users/{kofi['id']}"),
            narrow.delete(f"/v1/users/{kofi['id']}/sessions"),
        ]
        assert narrow.get("/v1/users").status_code == 200

    assert {each.json()["code"] for each in refused} == {"insufficient_scope"}


def test_nobody_sees_or_changes_people_of_another_organization(live, merchant):
    other = merchant.server.found("Other Shop")
    efua = added(live, EFUA)

    with merchant.client(other.keys["live"]) as stranger:
        assert stranger.get("/v1/users").json()["users"] == []
        assert stranger.delete(f"/v1/users/{efua['id']}").status_code == 404


def test_users_have_scopes_of_their_own_which_finance_and_support_lack(live, merchant):
    assert {"users:read", "users:write"} <= SCOPES
    efua = added(live, EFUA | {"role": "finance"}, password="correct horse battery")

    with signed_in_as(merchant, EFUA["email"]) as browser:
        assert browser.get("/console/settings/people").status_code == 403
        assert browser.get(f"/console/settings/people/{efua['id']}").status_code == 403


@on_both_databases
def test_whom_somebody_looked_at_is_told_page_by_page_and_only_of_them(live, merchant):
    efua, kofi = added(live, EFUA), added(live, KOFI)
    seen = [live.post("/v1/customers", json={"name": f"Ama {n}"}).json()["id"] for n in range(3)]
    for person, customers in ((efua, seen), (kofi, seen[:1])):
        login = {"email": person["email"], "password": person["password"]}
        with browser_at(merchant.server.url) as browser:
            browser.post("/console/login", data=login | {"organization": merchant.org_id})
            browser.post("/console/mode", data={"mode": "live"})
            for each in customers:
                browser.post(f"/console/customers/{each}/reveal")

    path = f"/v1/users/{efua['id']}/activity"
    first = live.get(path, params={"limit": 2}).json()
    rest = live.get(path, params={"cursor": first["pagination"]["next_cursor"]}).json()

    acts = first["activity"] + rest["activity"]
    assert [each["customer_id"] for each in acts] == [*reversed(seen), None]
    assert [each["customer_name"] for each in acts] == ["Ama 2", "Ama 1", "Ama 0", None]
    assert acts[-1]["topic"] == "console_session.began"
    assert rest["pagination"]["next_cursor"] is None
    assert live.get(path, params={"offset": 3}).json()["activity"] == acts[3:]
    assert live.get("/v1/users/usr_nobody/activity").status_code == 404


def test_what_somebody_did_who_was_removed_is_told_all_the_same(live):
    efua = added(live, EFUA)
    live.delete(f"/v1/users/{efua['id']}").raise_for_status()

    told = live.get(f"/v1/users/{efua['id']}/activity")

    assert (told.status_code, told.json()["activity"]) == (200, [])
    assert live.get(f"/v1/users/{efua['id']}").status_code == 404
