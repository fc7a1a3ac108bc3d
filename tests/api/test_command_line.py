"""What the official command line asks for before it listens and triggers."""

import httpx
import pytest

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

ORIGIN = "http://localhost:3000"


def prepare(client, **asked):
    answer = client.post("/v1/cli/bootstrap", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("scope", ["payments:read", "customers:read", "checkout:write"])
def test_whoever_has_a_key_learns_whose_it_is(client, merchant, scope):
    key = {"name": "narrow", "scopes": [scope]}
    narrow = client.post("/v1/api-keys", json=key).json()["raw"]

    with merchant.client(narrow) as by_narrow:
        for asking in (client, by_narrow):
            assert asking.get("/v1/cli/account").json() == {
                "organization_id": merchant.org_id,
                "organization_name": "Ama's shop",
            }


def test_a_project_is_given_all_it_needs_and_it_works(client, merchant):
    told = prepare(client, project_id="prj_1", project_name="Shop", origin=ORIGIN)

    assert told["project"] == {
        "id": "prj_1",
        "name": "Shop",
        "organization_id": merchant.org_id,
    }
    assert told["mode"] == "test"
    assert told["simulator"]["connection_id"]
    assert told["simulator"]["ready"] is True
    assert told["checkout"] == {"origin": ORIGIN, "origin_allowed": True}
    server, checkout = told["credentials"]["server"], told["credentials"]["checkout"]
    assert server["scopes"] == ["payments:read", "payments:write"]
    assert checkout["scopes"] == ["checkout:write"]
    with merchant.client(server["raw"]) as by_server:
        order = {"amount": 4000, "currency": "GHS"}
        paid = by_server.post("/v1/payments/intents", json=order).json()
        assert paid["status"] == "succeeded"
        assert by_server.get(f"/v1/payments/{paid['id']}").status_code == 200
    with merchant.client(checkout["raw"], Origin=ORIGIN) as page:
        opened = page.post("/v1/checkout/sessions", json=order)
        assert opened.headers["access-control-allow-origin"] == ORIGIN


def test_keys_that_are_still_good_are_kept(client):
    first = prepare(client)["credentials"]
    named = {
        "existing_server_key_id": first["server"]["id"],
        "existing_checkout_key_id": first["checkout"]["id"],
    }

    again = prepare(client, **named)["credentials"]
    shown = client.get("/v1/cli/bootstrap").json()["credentials"]
    client.delete(f"/v1/api-keys/{first['server']['id']}")
    after = prepare(client, **named)["credentials"]

    for told in (again, shown):
        for part in ("server", "checkout"):
            assert told[part] == first[part] | {"raw": None}
    assert after["server"]["id"] != first["server"]["id"]
    assert after["server"]["raw"]
    assert after["checkout"] == first["checkout"] | {"raw": None}


def test_keys_are_rotated_when_somebody_asks_for_it(client, merchant):
    first = prepare(client)["credentials"]

    second = prepare(
        client,
        existing_server_key_id=first["server"]["id"],
        existing_checkout_key_id=first["checkout"]["id"],
        rotate_credentials=True,
    )["credentials"]

    assert {second[part]["id"] for part in second} & {first[part]["id"] for part in first} == set()
    with merchant.client(first["server"]["raw"]) as old:
        assert old.get("/v1/payments").status_code == 401
    with merchant.client(second["server"]["raw"]) as new:
        assert new.get("/v1/payments").status_code == 200


def test_a_key_is_told_once_and_never_stored(client):
    headers = {"Idempotency-Key": "once"}

    first = client.post("/v1/cli/bootstrap", json={}, headers=headers).json()
    again = client.post("/v1/cli/bootstrap", json={}, headers=headers).json()

    assert first["credentials"]["server"]["raw"]
    assert again["credentials"]["server"]["id"] == first["credentials"]["server"]["id"]
    assert again["credentials"]["server"]["raw"] is None
    assert client.get("/v1/cli/bootstrap").json()["credentials"]["server"]["raw"] is None


def test_nothing_is_tried_out_in_live_mode(merchant):
    with merchant.client(merchant.founded.keys["live"]) as live:
        for refused in (live.post("/v1/cli/bootstrap", json={}), live.get("/v1/cli/bootstrap")):
            assert refused.status_code == 400
            assert "test mode" in refused.json()["message"]


def test_a_key_hands_out_no_more_than_it_has(client, merchant):
    key = {"name": "keys", "scopes": ["api_keys:read", "api_keys:write"]}
    narrow = client.post("/v1/api-keys", json=key).json()["raw"]
    both = key | {"scopes": [*key["scopes"], "payments:read", "payments:write", "checkout:write"]}
    enough = client.post("/v1/api-keys", json=both).json()["raw"]

    with merchant.client(narrow) as asking:
        assert asking.post("/v1/cli/bootstrap", json={}).status_code == 403
        assert asking.get("/v1/cli/bootstrap").status_code == 200
    with merchant.client(enough) as asking:
        assert asking.post("/v1/cli/bootstrap", json={}).status_code == 200


def test_a_stranger_learns_nothing(stranger: httpx.Client):
    assert stranger.get("/v1/cli/account").status_code == 401
    assert stranger.post("/v1/cli/bootstrap", json={}).status_code == 401
