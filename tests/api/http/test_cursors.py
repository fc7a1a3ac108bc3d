"""A cursor is what was given out for the same list: any other text is refused, whatever it says."""

import json
from base64 import urlsafe_b64encode
from urllib.parse import quote, urlencode

import pytest
from live_keys import LiveForPeople

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
LISTS = ["/v1/payments", "/v1/customers", "/v1/api-keys", "/v1/payments/stats/sources"]
ABOUT = {
    "/v1/payments/stats/sources/explain": {"source": "api"},
    "/v1/changes/explain": {"since": "2026-01-01"},
}
PLAN = {
    "plan_id": "plan_1",
    "amount": 4000,
    "currency": "GHS",
    "method": "card",
    "interval": "monthly",
}
SET_UP = {
    "rules": (
        "workflow_id",
        {
            "name": "VIPs",
            "trigger": "payment.success",
            "actions": [{"type": "add_tag", "config": {"tag": "vip"}}],
        },
    ),
    "templates": ("template_id", {"type": "sms", "name": "Hi", "body": "Hi"}),
    "integrations": ("integration_id", {"type": "email", "provider": "console"}),
}
SEAL = 16


def encoded(text):
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_nowhere():
    return [
        *(
            "%",
            "\0",
            "\ud800",
            "é",
            "null",
            "=" * 9,
            "A" * 4096,
            "9" * 4000,
            "cus_1",
            "key_" + "0" * 26,
        ),
        *(
            encoded(text)
            for text in ("[" * 3000, "9" * 3000, "{}", "[NaN]", '["\\ud800"]', '"\\u0000"')
        ),
    ]


def refused(answer):
    assert (answer.status_code, answer.json()["error"]) == (400, "validation_error"), answer.text
    assert answer.json()["details"]["field"] in {"cursor", "query"}
    return True


def pay(client):
    for number in range(3):
        body = {"amount": 4000, "currency": "GHS", "customer_id": f"usr_{number}"}
        client.post("/v1/payments/intents", json=body | {"source_id": f"s_{number}"})
        client.post("/v1/api-keys", json={"name": "a key"})


def cursor_of(client, path):
    answer = client.get(path, params={"limit": 1, "group_by": "source_id"}).raise_for_status()
    told = answer.headers.get("Whence-Next-Cursor")
    return told or answer.json()["pagination"]["next_cursor"]


def test_no_list_takes_a_cursor_from_nowhere(client, document, merchant):
    client.auth = LiveForPeople(merchant.founded.keys)
    pay(client)
    [payment] = client.get("/v1/payments", params={"limit": 1}).json()
    link = client.post("/v1/payment-links", json={"name": "x", "amount": 1, "currency": "GHS"})
    named = {"payment_id": payment["id"], "customer_id": payment["customer_id"]}
    named |= {"external_id": "usr_0", "link": link.json()["id"]}
    begun = client.post("/v1/subscriptions", json=PLAN | {"customer_id": "usr_0"}).json()
    named |= {"subscription_id": begun["id"], "invoice_id": begun["latest_invoice_id"]}
    efua = {"email": "efua@shop.example", "role": "support"}
    named["user_id"] = client.post("/v1/users", json=efua).raise_for_status().json()["id"]
    for kind, (name, body) in SET_UP.items():
        made = client.post(f"/v1/workflows/{kind}", json=body)
        named[name] = made.raise_for_status().json()["id"]
    paths = document["paths"]
    lists = [
        path.format(**named)
        for path, methods in paths.items()
        if "cursor" in str(methods.get("get", {}).get("parameters", ())).casefold()
    ]

    assert len(lists) > 20
    for path in lists:
        about = urlencode(ABOUT.get(path, {}) | {"customer_id": payment["customer_id"]})
        assert client.get(f"{path}?{about}").status_code == 200, path
        for text in from_nowhere():
            cursor = quote(text.encode("utf-8", "surrogatepass"))
            assert refused(client.get(f"{path}?{about}&cursor={cursor}")), (path, text)


@on_both_databases
def test_no_list_takes_what_was_given_out_for_another_or_to_somebody_else(client, merchant):
    pay(client)
    with merchant.client(merchant.founded.keys["live"]) as live:
        pay(live)
        given = {path: cursor_of(client, path) for path in LISTS}
        for path, cursor in given.items():
            assert refused(live.get(path, params={"cursor": cursor}))
            for other in LISTS:
                answer = client.get(other, params={"cursor": cursor, "group_by": "source_id"})
                assert answer.is_success if other == path else refused(answer)


@pytest.mark.parametrize("path", LISTS)
def test_no_list_takes_a_cursor_that_was_changed(client, path):
    pay(client)
    cursor = cursor_of(client, path)
    forged = [
        cursor[:at] + ("A" if sign != "A" else "B") + cursor[at + 1 :]
        for at, sign in enumerate(cursor)
    ]
    forged += [cursor + "A", cursor[:-1], cursor[SEAL:], cursor[:SEAL], cursor * 2]
    values = [None, True, 2**63, -(2**63), 10**30, 0.5, "\ud800", "\0", "x" * 3000, [], {}]
    forged += [cursor[:SEAL] + encoded(json.dumps(["x", value, value])) for value in values]

    assert all(refused(client.get(path, params={"cursor": each})) for each in forged)
