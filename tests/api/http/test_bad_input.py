"""What is sent is what is meant, or is refused: nothing is made of it in silence."""

import json

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@on_both_databases
@pytest.mark.parametrize("action", ["refund", "dispute"])
def test_an_amount_that_was_lost_on_the_way_is_not_all_the_money(client, action):
    payment = _paid(client)

    refused = client.post(f"/v1/payments/{payment}/{action}", json={"amount": ""})
    left_alone = client.get(f"/v1/payments/{payment}").json()
    done = client.post(f"/v1/payments/{payment}/{action}", json={"amount": 0})

    assert refused.status_code == 400
    assert refused.json()["code"] == "invalid_amount"
    assert (left_alone["status"], left_alone["refunded_amount"]) == ("succeeded", 0)
    assert done.status_code in (200, 201)


def test_a_capture_of_no_amount_in_words_is_refused(client):
    intent = {"amount": 4000, "currency": "GHS", "capture_method": "manual"}
    payment = client.post("/v1/payments/intents", json=intent).json()["id"]

    lost = client.post(f"/v1/payments/{payment}/capture", json={"amount": ""})
    unclear = client.post(f"/v1/payments/{payment}/capture", json={"amount": 1, "final": ""})
    all_of_it = client.post(f"/v1/payments/{payment}/capture", json=[])

    assert (lost.status_code, lost.json()["code"]) == (400, "invalid_amount")
    assert unclear.status_code == 400
    assert all_of_it.json()["captured_amount"] == 4000


@pytest.mark.parametrize("field", ["amount", "min_amount", "max_amount", "max_uses", "active"])
def test_a_bound_that_was_lost_on_the_way_does_not_open_a_link(client, field):
    terms = {"name": "Donate", "currency": "GHS", "allow_custom_amount": True}
    link = client.post("/v1/payment-links", json=terms).json()["id"]

    created = client.post("/v1/payment-links", json=terms | {field: ""})
    updated = client.patch(f"/v1/payment-links/{link}", json={field: ""})

    assert (created.status_code, updated.status_code) == (400, 400)
    assert created.json()["details"]["field"] == field


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/api-keys", {"name": "the website", "scopes": ""}),
        ("POST", "/v1/customers", {"tags": ""}),
        ("POST", "/v1/customers", {"metadata": ""}),
        ("PUT", "/v1/checkout/settings", {"allowed_origins": ""}),
    ],
)
def test_a_list_that_was_lost_on_the_way_is_not_an_empty_one(client, method, path, body):
    assert client.request(method, path, json=body).status_code == 400


@pytest.mark.parametrize("moment", ["20261231", "1700000000", "1700000000000"])
def test_a_date_without_its_dashes_is_not_taken_for_seconds(client, moment):
    intent = {"amount": 4000, "currency": "GHS", "occurred_at": moment}

    answer = client.post("/v1/payments/intents", json=intent)

    assert answer.status_code == 400
    assert answer.json()["details"]["field"] == "occurred_at"


@pytest.mark.parametrize("country", ["ß", "ﬁ"])
def test_a_letter_that_looks_like_two_is_no_country(client, country):
    intent = {"amount": 4000, "currency": "GHS", "country": country}

    assert client.post("/v1/payments/intents", json=intent).status_code == 400
    assert client.get("/v1/payments", params={"country": country}).status_code == 400


@pytest.mark.parametrize("customer", ["%FF", "caf%E9", "%C3%28"])
def test_what_is_no_text_in_an_address_is_not_made_one(client, customer):
    put = client.put(f"/v1/customers/external/{customer}", json={"name": "Ama"})
    asked = client.get(f"/v1/customers/lookup?external_id={customer}")

    assert (put.status_code, asked.status_code) == (400, 400)
    assert asked.json()["details"]["reason"] == "is not UTF-8"


def test_an_empty_text_still_says_no_more_than_no_text(client):
    intent = {"amount": 4000, "currency": "GHS", "method": "", "country": "", "customer_id": ""}

    payment = client.post("/v1/payments/intents", json=intent)

    assert payment.status_code == 201
    assert (payment.json()["method"], payment.json()["customer_id"]) == ("card", None)


@on_both_databases
@pytest.mark.parametrize(
    "number",
    ["0", "-9223372036854775808", "9007199254740993", "18446744073709551615", "0.1", "1e300"],
)
def test_a_number_in_metadata_is_kept_as_it_is(client, number):
    body = f'{{"metadata": {{"order": {number}}}}}'

    customer = client.post("/v1/customers", content=body).json()
    read_again = client.get(f"/v1/customers/{customer['id']}").json()

    assert customer["metadata"]["order"] == json.loads(number)
    assert read_again["metadata"]["order"] == json.loads(number)


@pytest.mark.parametrize(
    "number",
    [
        "18446744073709551616",
        "-9223372036854775809",
        "9" * 300,
        "12345678901234567890.5",
        "0.12345678901234567890",
        "1e-400",
        "1e-99999999999999999999",
    ],
)
def test_a_number_that_would_become_another_is_refused(client, number):
    body = f'{{"metadata": {{"order": [{{"id": {number}}}]}}}}'

    answer = client.post("/v1/customers", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"] == "validation_error"


@pytest.mark.parametrize("number", ["12345678901234567890123", "0.12345678901234567890"])
def test_a_number_that_answers_a_question_is_kept_digit_for_digit(client, number):
    field = {"name": "ticket", "type": "number"}
    terms = {"name": "Fair", "currency": "GHS", "amount": 4000, "custom_fields": [field]}
    link = client.post("/v1/payment-links", json=terms).json()

    paid = client.post(
        f"/v1/pay/{link['code']}/pay", content=f'{{"custom_fields": {{"ticket": {number}}}}}'
    )

    kept = client.get(f"/v1/payments/{paid.json()['id']}").json()["metadata"]
    assert kept == {"ticket": number}


@on_both_databases
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12345678901234567890123", "12345678901234567890124"),
        ("18446744073709551616", "18446744073709551617"),
        ("0.12345678901234567890", "0.12345678901234567891"),
        ("1e-400", "0.0"),
        ("1", "1.0"),
        ("12345678901234567890123", '"12345678901234567890123"'),
    ],
)
def test_two_orders_under_one_idempotency_key_are_told_apart(client, one, other):
    def order(number):
        return client.post(
            "/v1/payments/intents",
            content=f'{{"amount": 4000, "currency": "GHS", "order": {number}}}',
            headers={"Idempotency-Key": "order"},
        )

    first, second, again = order(one), order(other), order(one)

    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json()["code"] == "idempotency_conflict"
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"amount": 4000, "currency": "GHS", "amount": 9000}', "amount"),
        ('{"amount": 4000, "currency": "GHS", "metadata": {"a": 1, "\\u0061" : 2}}', "a"),
    ],
)
def test_a_body_that_says_two_things_of_one_name_is_refused(client, body, name):
    answer = client.post("/v1/payments/intents", content=body)

    assert answer.status_code == 400
    assert answer.json()["details"] == {"field": name, "reason": "is there twice"}


def _paid(client):
    payment = client.post("/v1/payments/intents", json={"amount": 4000, "currency": "GHS"})
    return payment.json()["id"]


@pytest.mark.parametrize(
    ("missing", "field", "code"),
    [
        ([{"label": "Your size"}], "custom_fields[0].name", "missing_required_field"),
        ([{"name": "a"}, {"label": "b"}], "custom_fields[1].name", "missing_required_field"),
        ([{"name": "a", "type": "colour"}], "custom_fields[0].type", "validation_error"),
        ([{"name": "a", "type": "select", "options": ["S", 7]}], "custom_fields[0].options[1]", ""),
    ],
)
def test_what_is_wrong_inside_a_field_is_named_in_full(client, missing, field, code):
    terms = {"name": "Donate", "currency": "GHS", "amount": 4000, "custom_fields": missing}

    refused = client.post("/v1/payment-links", json=terms)

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == field
    assert refused.json()["message"].startswith(f"{field}: ")
    assert refused.json()["code"] == (code or "validation_error")


def test_what_is_wrong_with_one_of_a_list_is_named_by_its_place(client):
    refused = client.post("/v1/customers", json={"tags": ["fine", "a, b"]})

    assert refused.json()["details"]["field"] == "tags[1]"
