"""API keys of an organization."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


def test_a_new_key_is_told_once_and_works(client, merchant):
    made = client.post("/v1/api-keys", json={"name": "website", "scopes": ["payments:read"]})

    body = made.json()
    assert made.status_code == 201
    assert body["raw"] == body["key"]
    assert body["raw"].startswith("pfk_test_")
    assert body["scopes"] == ["payments:read"]
    with merchant.client(body["raw"]) as second:
        assert second.get("/v1/payments").status_code == 200


def test_keys_are_listed_newest_first_without_the_keys_themselves(client):
    made = client.post("/v1/api-keys", json={"name": "second"}).json()

    listed = client.get("/v1/api-keys").json()

    assert [key["name"] for key in listed] == ["second", "first key"]
    assert listed[0] == {name: made[name] for name in made if name not in {"raw", "key"}}


def test_a_key_is_never_stored_not_even_under_an_idempotency_key(client, server):
    headers = {"Idempotency-Key": "once"}
    first = client.post("/v1/api-keys", json={"name": "x"}, headers=headers)

    again = client.post("/v1/api-keys", json={"name": "x"}, headers=headers)

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json() | {"raw": None, "key": None}
    secret = first.json()["raw"].partition(".")[2]
    for suffix in ("", "-wal"):
        stored = Path(f"{server.ledger.engine.url.database}{suffix}").read_bytes()
        assert secret.encode() not in stored


def test_revoking_twice_changes_nothing_and_a_stranger_s_key_is_not_found(client):
    made = client.post("/v1/api-keys", json={"name": "x"}).json()

    answers = [client.delete(f"/v1/api-keys/{made['id']}") for _ in range(2)]
    unknown = client.delete("/v1/api-keys/key_unknown")

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    assert unknown.status_code == 404
    assert unknown.json()["code"] == "api_key_not_found"
    revoked = [key for key in client.get("/v1/api-keys").json() if key["revoked_at"]]
    assert [key["id"] for key in revoked] == [made["id"]]


def test_a_narrow_key_cannot_hand_out_more_than_it_has(client, merchant):
    scopes = ["api_keys:write", "payments:read"]
    narrow_key = client.post("/v1/api-keys", json={"name": "n", "scopes": scopes}).json()["raw"]

    with merchant.client(narrow_key) as narrow:
        everything = narrow.post("/v1/api-keys", json={"name": "all"})
        more = narrow.post("/v1/api-keys", json={"name": "more", "scopes": ["customers:read"]})
        less = narrow.post("/v1/api-keys", json={"name": "less", "scopes": ["payments:read"]})

    assert everything.json()["code"] == "insufficient_scope"
    assert more.json()["code"] == "insufficient_scope"
    assert less.status_code == 201


def test_unknown_scopes_and_missing_names_are_refused(client):
    unknown = client.post("/v1/api-keys", json={"name": "x", "scopes": ["everything"]})
    nameless = client.post("/v1/api-keys", json={})

    assert unknown.status_code == 400
    assert nameless.json()["code"] == "missing_required_field"


def issue(client, name="a key", *scopes):
    made = client.post("/v1/api-keys", json={"name": name, "scopes": scopes})
    return made.raise_for_status().json()


def alive(client):
    return [key["name"] for key in client.get("/v1/api-keys").json() if not key["revoked_at"]]


@on_both_databases
def test_a_key_says_which_key_made_it_and_is_revoked_with_it(client, merchant):
    """As the ledger remembers it."""
    first = issue(client, "a deploy", "api_keys:write", "payments:read")
    with merchant.client(first["raw"]) as deploy:
        second = issue(deploy, "its child", "api_keys:write", "payments:read")
    with merchant.client(second["raw"]) as child:
        third = issue(child, "its grandchild", "payments:read")
    issue(client, "another")
    [mine] = [key for key in client.get("/v1/api-keys").json() if key["name"] == "first key"]
    assert [key["created_by"] for key in (first, second, third)] == [
        *(mine["id"], first["id"], second["id"]),
    ]
    assert mine["created_by"] is None

    path = f"/v1/api-keys/{first['id']}"
    assert client.delete(path, params={"with_descendants": "true"}).status_code == 204

    assert alive(client) == ["another", "first key"]
    with merchant.client(third["raw"]) as grandchild:
        assert grandchild.get("/v1/payments").json()["code"] == "api_key_revoked"


def test_who_asks_for_more_to_be_revoked_asks_for_something_else(client):
    made, headers = issue(client), {"Idempotency-Key": "once"}
    path = f"/v1/api-keys/{made['id']}"

    answers = [
        client.delete(path, params=params, headers=headers)
        for params in ({}, {"with_descendants": "true"}, {})
    ]

    assert [answer.status_code for answer in answers] == [204, 409, 204]
    assert answers[1].json()["code"] == "idempotency_conflict"


def test_a_narrow_key_revokes_none_that_is_wider_whatever_was_revoked_with_that_key_before(
    client, merchant
):
    narrow, wide = issue(client, "narrow", "api_keys:write"), issue(client, "wide")
    path, headers = f"/v1/api-keys/{wide['id']}", {"Idempotency-Key": "once"}
    with merchant.client(narrow["raw"]) as caller:
        refused = caller.delete(path, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
        assert "wide" in alive(client)
        assert client.delete(path, headers=headers).status_code == 204
        assert caller.delete(path, headers=headers).status_code == 403
        assert caller.delete(f"/v1/api-keys/{narrow['id']}").status_code == 204

    assert alive(client) == ["first key"]


def test_keys_are_listed_by_page(client):
    names = [f"key {number}" for number in range(5)]
    for name in names:
        issue(client, name)

    seen, path = [], "/v1/api-keys?limit=4"
    while path:
        page = client.get(path)
        assert page.headers["X-Total-Count"] == "6"
        seen.append([key["name"] for key in page.json()])
        path = page.links.get("next", {}).get("url")

    assert seen == [["key 4", "key 3", "key 2", "key 1"], ["key 0", "first key"]]
    assert [key["name"] for key in client.get("/v1/api-keys?offset=5").json()] == ["first key"]
    refused = client.get("/v1/api-keys", params={"cursor": "key_00000000000000000000000000"})
    assert (refused.status_code, refused.json()["details"]["field"]) == (400, "cursor")


def test_a_hundred_keys_are_in_use_at_most(client):
    with ThreadPoolExecutor(4) as many:
        last = [made["id"] for made in many.map(lambda _: issue(client), range(99))][-1]

    refused = client.post("/v1/api-keys", json={"name": "one too many"})

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_api_keys")
    assert refused.json()["details"] == {"limit": 100}
    client.delete(f"/v1/api-keys/{last}")
    assert issue(client)["name"] == "a key"
