"""Previews: how a message would read, written with a real past fact."""

import pytest

WORDS = {"type": "email", "subject": "Hi {{ customer_name }}", "body": "We received {{ money }}."}
TEXT = {"type": "sms", "body": "{{ money }} from {{ customer_name }}"}


@pytest.fixture
def paid(client):
    """Ada has paid; the payment."""
    client.post("/v1/customers", json={"external_id": "usr_ada", "name": "Ada"})
    intent = {"amount": 4000, "currency": "GHS", "customer_id": "usr_ada"}
    return client.post("/v1/payments/intents", json=intent).json()


def preview(client, **said):
    answer = client.post("/v1/workflows/templates/preview", json=WORDS | said)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.usefixtures("paid")
def test_words_are_written_with_the_latest_payment(client):
    shown = preview(client)

    assert (shown["subject"], shown["segments"]) == ("Hi Ada", None)
    assert "40.00" in shown["text"]
    assert "40.00" in shown["html"]
    assert shown["event_id"].startswith("evt_")
    assert set(shown["variables"]) == {"customer_name", "money"}


@pytest.mark.usefixtures("paid")
def test_a_template_is_written_with_the_fact_that_is_named(client):
    template = client.post("/v1/workflows/templates", json=TEXT | {"name": "Thanks"}).json()
    path = f"/v1/workflows/templates/{template['id']}/preview"
    first = client.post(path).json()
    client.post("/v1/payments/intents", json={"amount": 4000, "currency": "NGN"})

    named = client.post(path, json={"event_id": first["event_id"]}).json()

    assert named == first
    assert (first["segments"], first["html"]) == (1, None)
    assert client.post(path).json() != first
    missing = client.post(path, json={"event_id": "evt_nobody"})
    assert (missing.status_code, missing.json()["details"]["field"]) == (400, "event_id")


def test_before_anything_has_happened_examples_stand_for_it(client):
    shown = preview(client)

    assert (shown["event_id"], "1,250.50" in shown["text"]) == (None, True)


@pytest.mark.usefixtures("paid")
def test_who_may_not_read_customers_is_shown_examples(client, merchant):
    key = client.post("/v1/api-keys", json={"name": "x", "scopes": ["workflows:read"]}).json()

    with merchant.client(key["raw"]) as blind:
        assert preview(blind)["event_id"] is None
        named = WORDS | {"event_id": "evt_nobody"}
        refused = blind.post("/v1/workflows/templates/preview", json=named)

    assert refused.status_code == 403


def test_an_unknown_variable_is_named(client):
    answer = client.post("/v1/workflows/templates/preview", json=WORDS | {"body": "{{ nmae }}"})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_template")
