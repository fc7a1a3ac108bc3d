"""Who is let in."""

import httpx
import pytest


def test_without_a_key_nobody_is_let_in(stranger):
    answer = stranger.get("/v1/customers")

    assert answer.status_code == 401
    assert (answer.json()["error"], answer.json()["code"]) == ("unauthorized", "unauthorized")


@pytest.mark.parametrize(
    "key",
    ["nonsense", "pfk_test_abc123.xyz789", "sk_test_1", "pfk_live_" + "0" * 52 + "." + "a" * 43],
)
def test_a_key_nobody_handed_out_is_refused(stranger, key):
    answer = stranger.get("/v1/customers", headers={"X-Reevit-Key": key})

    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_api_key"


def test_a_key_with_another_secret_is_refused(merchant, stranger):
    key = merchant.founded.keys["test"]
    forged = key[:-1] + ("A" if key[-1] != "A" else "B")

    answer = stranger.get("/v1/customers", headers={"X-Reevit-Key": forged})

    assert answer.json()["code"] == "invalid_api_key"


def test_a_bearer_token_does_where_the_header_is_missing(merchant, stranger):
    key = merchant.founded.keys["test"]

    answer = stranger.get("/v1/customers", headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 200


def test_the_organization_may_be_named_if_it_is_the_right_one(client, merchant):
    right = client.get("/v1/customers", headers={"X-Org-Id": merchant.org_id})
    wrong = client.get("/v1/customers", headers={"X-Org-Id": "org_other"})

    assert right.status_code == 200
    assert wrong.status_code == 403
    assert (wrong.json()["error"], wrong.json()["code"]) == ("forbidden", "forbidden")


def test_test_and_live_never_see_each_other(client, merchant):
    client.post("/v1/customers", json={"external_id": "usr_1"})

    with merchant.client(merchant.founded.keys["live"]) as live:
        nobody = live.get("/v1/customers/lookup", params={"external_id": "usr_1"})
        same_name = live.post("/v1/customers", json={"external_id": "usr_1"})

    assert nobody.status_code == 404
    assert same_name.status_code == 201
    assert same_name.json()["mode"] == "live"


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("customers:read", "GET", "/v1/customers", 200),
        ("customers:read", "POST", "/v1/customers", 403),
        ("customers:write", "POST", "/v1/customers", 201),
        ("payments:read", "GET", "/v1/payments", 200),
        ("payments:read", "POST", "/v1/payments/intents", 403),
        ("checkout:write", "POST", "/v1/payments/intents", 201),
        ("checkout:write", "GET", "/v1/payments", 403),
        ("api_keys:read", "GET", "/v1/api-keys", 200),
        ("api_keys:read", "POST", "/v1/api-keys", 403),
        ("organization:read", "GET", "/v1/organization", 200),
        ("organization:read", "PATCH", "/v1/organization", 403),
        ("organization:write", "PATCH", "/v1/organization", 200),
        ("payments:write", "GET", "/v1/organization", 403),
    ],
)
def test_a_key_may_do_what_its_scopes_say(client, merchant, scope, method, path, status):
    key = client.post("/v1/api-keys", json={"name": "narrow", "scopes": [scope]}).json()["raw"]

    with merchant.client(key) as narrow:
        answer = narrow.request(method, path, json={"amount": 1, "currency": "GHS", "name": "x"})

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"] == "forbidden"
        assert answer.json()["code"] == "insufficient_scope"


def test_a_checkout_key_learns_nothing_about_customers(client, merchant):
    client.post("/v1/customers", json={"email": "ama@example.com", "name": "Ama"})
    body = {"name": "web", "scopes": ["checkout:write"]}
    key = client.post("/v1/api-keys", json=body).json()["raw"]

    with merchant.client(key) as browser:
        payment = browser.post(
            "/v1/payments/intents",
            json={"amount": 5, "currency": "GHS", "customer_id": "ama@example.com"},
        ).json()

    assert (payment["customer_id"], payment["customer"]) == (None, None)
    assert "Ama" not in str(payment)


def test_a_revoked_key_is_refused_from_then_on(client, merchant):
    made = client.post("/v1/api-keys", json={"name": "short-lived"}).json()

    with merchant.client(made["key"]) as second:
        before = second.get("/v1/customers")
        client.delete(f"/v1/api-keys/{made['id']}")
        after = second.get("/v1/customers")

    assert before.status_code == 200
    assert after.status_code == 401
    assert after.json()["code"] == "api_key_revoked"


def test_public_routes_tolerate_a_bad_key(server):
    answer = httpx.get(f"{server.url}/healthz", headers={"X-Reevit-Key": "nonsense"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v1/pay/lnk_x",
        "/v1/pay/lnk_x/pay",
        "/v1/checkout/sessions",
        "/v1/checkout/sessions/cs_x",
        "/v1/checkout/sessions/cs_x/select",
        "/v1/payments/pay_x/confirm-intent",
        "/healthz",
    ],
)
def test_what_needs_no_key_may_be_read_by_a_browser_of_an_allowed_origin(new_server, path):
    server = new_server(cors_origins=("https://shop.example",))

    asked = _preflight(server.url, "https://shop.example", path)
    read = httpx.get(f"{server.url}{path}", headers={"Origin": "https://shop.example"})

    for answer in (asked, read):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"


def test_a_browser_of_an_allowed_origin_may_read_the_answer(new_server):
    server = new_server(cors_origins=("https://shop.example",))

    allowed = _preflight(server.url, "https://shop.example", "/v1/payments/intents")
    other = _preflight(server.url, "https://evil.example", "/v1/pay/lnk_x")
    not_for_browsers = _preflight(server.url, "https://shop.example", "/v1/customers")

    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "X-Reevit-Key" in allowed.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in other.headers
    assert "Access-Control-Allow-Origin" not in not_for_browsers.headers


def _preflight(url, origin, path):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return httpx.options(f"{url}{path}", headers=headers)
