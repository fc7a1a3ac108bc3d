"""Consent: whether customers may be written to, and who may not."""

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def ada(client):
    made = client.post("/v1/customers", json={"external_id": "usr_ada", "email": "ada@x.example"})
    return made.json()["id"]


def suppressed(client, **asked):
    listed = client.get("/v1/workflows/suppressions", params=asked).json()["suppressions"]
    return [(each["customer_id"], each["channel"], each["reason"]) for each in listed]


@on_both_databases
def test_who_takes_consent_back_is_on_the_list_until_it_is_given_again(client, ada):
    path = f"/v1/customers/{ada}/consents"
    assert client.get(path).json() == {"consents": []}

    taken = client.post(path, json={"channel": "email", "given": False}).json()
    client.post("/v1/customers/external/usr_ada/consents", json={"channel": "sms", "given": False})

    assert (taken["channel"], taken["given"], taken["reason"]) == ("email", False, "asked")
    assert suppressed(client) == [(ada, "email", "asked"), (ada, "sms", "asked")]
    assert suppressed(client, channel="sms") == [(ada, "sms", "asked")]
    client.post(path, json={"channel": "email", "given": True, "reason": "form on the website"})
    assert suppressed(client, channel="email") == []
    assert [each["given"] for each in client.get(path).json()["consents"]] == [True, False]


def test_consents_are_facts_with_the_moment_and_who_said_so(client, ada, server, merchant):
    path = f"/v1/customers/{ada}/consents"
    for _ in range(2):
        taken = {"channel": "email", "given": False, "reason": "complained"}
        client.post(path, json=taken, headers={"X-Actor-Id": "usr_ama"})

    topics = [
        (fact.topic, "usr_ama" in fact.context)
        for fact in server.ledger.read_stream(merchant.book, ada)
    ]

    assert topics == [("customer.registered", False), ("customer.consent_withdrawn", True)]


def test_who_was_deleted_is_on_no_list(client, ada):
    client.post(f"/v1/customers/{ada}/consents", json={"channel": "email", "given": False})

    client.delete(f"/v1/customers/{ada}")

    assert suppressed(client) == []
    assert client.get(f"/v1/customers/{ada}/consents").status_code == 404
