"""API keys of an organization."""

from pathlib import Path


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
