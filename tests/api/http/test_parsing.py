"""What clients send, and what is made of it."""

import json
import random

import httpx
import pytest
from request_log import logged_requests

from api.http.errors import InvalidInput
from api.http.parsing import MOST_VALUES, fingerprint, parse_object, parse_query


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"  \n", b"  [] "])
def test_nothing_at_all_is_an_empty_object(client, body):
    assert client.post("/v1/customers", content=body).status_code == 201


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""]
)
def test_a_body_is_json_whatever_its_content_type_says(client, content_type):
    answer = client.post(
        "/v1/customers", content=b'{"name": "Ama"}', headers={"Content-Type": content_type}
    )

    assert answer.status_code == 201
    assert answer.json()["name"] == "Ama"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b'"text"',
        b"17",
        b"name=Ama",
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b'{"name": "\xff"}',
        b'{"metadata": {"a": 1e999}}',
        b'{"name": "a\\u0000b"}',
        b'{"metadata": {"a\\u0000b": 1}}',
        b'{"metadata": {"a": [{"b": "\\u0000"}]}}',
        b'{"metadata": ' + b'{"a":' * 70 + b"1" + b"}" * 71,
        b'{"metadata": ' + b"[" * 5000,
        b'{"name": 5}',
        b'{"tags": "vip"}',
        b'{"tags": ["' + b"x" * 65 + b'"]}',
        b'{"phone": "0244"}',
        b'{"email": "not an address"}',
        b'{"name": "' + b"x" * 256 + b'"}',
    ],
)
def test_what_cannot_be_read_or_kept_is_refused(client, body):
    answer = client.post("/v1/customers", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"] == "validation_error"
    assert answer.json()["details"].keys() == {"field", "reason"}


def test_the_word_that_names_nul_is_only_text(client):
    answer = client.post("/v1/customers", content=b'{"name": "\\\\u0000"}')

    assert answer.status_code == 201
    assert answer.json()["name"] == "\\u0000"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"currency": "GHS"}, "missing_required_field", "amount"),
        ({"amount": 1}, "missing_required_field", "currency"),
        ({"amount": 0, "currency": "GHS"}, "invalid_amount", "amount"),
        ({"amount": -1, "currency": "GHS"}, "invalid_amount", "amount"),
        ({"amount": 1.5, "currency": "GHS"}, "invalid_amount", "amount"),
        ({"amount": "100", "currency": "GHS"}, "invalid_amount", "amount"),
        ({"amount": True, "currency": "GHS"}, "invalid_amount", "amount"),
        ({"amount": 10**12 + 1, "currency": "GHS"}, "invalid_amount", "amount"),
        ({"amount": 10**40, "currency": "GHS"}, "invalid_amount", "amount"),
        ({"amount": 1, "currency": "GHX"}, "invalid_currency", "currency"),
        ({"amount": 1, "currency": 5}, "invalid_currency", "currency"),
        ({"amount": 1, "currency": "GHS", "method": "cash"}, "validation_error", "method"),
        ({"amount": 1, "currency": "GHS", "country": "Ghana"}, "validation_error", "country"),
        ({"amount": 1, "currency": "GHS", "metadata": ["a"]}, "validation_error", "metadata"),
    ],
)
def test_a_refused_payment_names_the_field_and_the_reason(client, body, code, field):
    answer = client.post("/v1/payments/intents", content=json.dumps(body))

    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert answer.json()["details"]["field"] == field


def test_empty_texts_and_nulls_count_as_absent_when_something_is_created(client):
    body = {"amount": 1, "currency": "ghs", "method": "", "country": "", "customer_id": None}

    payment = client.post("/v1/payments/intents", json=body).json()

    assert (payment["currency"], payment["method"], payment["country"]) == ("GHS", "card", "GH")
    assert payment["customer_id"] is None


def test_unknown_fields_are_ignored(client):
    answer = client.post("/v1/customers?nothing=1", json={"nickname": "A", "name": "Ama"})

    assert answer.status_code == 201


@pytest.mark.parametrize("value", ["True", "true", "TRUE", "1"])
def test_booleans_in_a_query_may_be_written_in_any_case(client, value):
    assert client.get("/v1/customers", params={"sort_desc": value}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=1.0",
        "limit=ten",
        "limit=1_0",
        "limit=" + "9" * 4400,
        "offset=-1",
        "offset=9223372036854775808",
        "cursor=nonsense",
        "cursor=" + "A" * 5000,
        "sort_by=shoe_size",
        "sort_desc=maybe",
        "currency=GHX",
        "min_spend=1.5",
        "activity_status=asleep",
        "search=a%00b",
        "a%00b=1",
        "search=" + "x" * 256,
        "&".join(f"a{n}=1" for n in range(300)),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(client, query):
    answer = client.get(f"/v1/customers?{query}")

    assert answer.status_code == 400
    assert answer.json()["code"] in {"validation_error", "invalid_currency"}


def test_a_limit_above_the_most_is_clamped(client):
    answer = client.get("/v1/customers", params={"limit": 10**20})

    assert answer.json()["pagination"]["limit"] == 100


def test_an_offset_beyond_everything_is_an_empty_page(client):
    answer = client.get("/v1/customers", params={"offset": 2**63 - 1})

    assert answer.json()["customers"] == []


@pytest.mark.parametrize("path", ["/v1/customers/a%00b", "/v1/customers/external/%00"])
def test_nul_in_a_path_is_refused(client, path):
    assert client.get(path).status_code == 400


@pytest.mark.parametrize("name", ["a/b", "a%2Fb", "ü/ö?#&=+ %", "..", "usr@x.io", "a//b"])
def test_an_external_id_may_hold_anything_if_it_is_encoded(client, name):
    encoded = "".join(f"%{byte:02X}" for byte in name.encode())

    put = client.put(f"/v1/customers/external/{encoded}", json={"name": "Ama"})
    got = client.get(f"/v1/customers/external/{encoded}")
    history = client.get(f"/v1/customers/external/{encoded}/payments")

    assert put.status_code == 201
    assert put.json()["external_id"] == name
    assert got.json()["id"] == put.json()["id"]
    assert history.status_code == 200


def test_an_encoded_slash_in_an_id_is_a_thing_that_does_not_exist(client):
    answer = client.get("/v1/payments/pay_1%2Frefunds")

    assert answer.status_code == 404
    assert answer.json()["code"] == "payment_not_found"


def test_random_bytes_never_break_anything(client):
    chance = random.Random(17)
    paths = ["/v1/customers", "/v1/payments/intents", "/v1/payments/pay_x/refund", "/v1/api-keys"]

    for _ in range(200):
        answer = client.post(
            chance.choice(paths), content=chance.randbytes(chance.randrange(1, 64))
        )

        assert answer.status_code in {400, 404}
        assert answer.json().keys() == {"error", "code", "message", "details"}


def test_the_same_said_in_another_order_has_the_same_fingerprint():
    one = parse_object(b'{"a": 1, "b": {"c": [1, 2]}}')
    other = parse_object(b'{ "b":{"c":[1,2]},"a":1 }')

    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(parse_object(b'{"a": 1, "b": {"c": [2, 1]}}'))


def test_empty_values_of_a_query_count_as_absent_and_the_last_of_many_counts():
    assert parse_query(b"a=&b=1&b=2&c=x&c=y", lists={"c"}) == {"b": "2", "c": ["x", "y"]}


def test_whoever_hangs_up_in_the_middle_disturbs_nobody(merchant, log):
    def broken():
        yield b'{"name": '
        raise ConnectionError("hung up")

    with pytest.raises(ConnectionError), merchant.client() as client:
        client.post("/v1/customers", content=broken())

    with merchant.client() as client:
        assert client.get("/v1/customers").json()["pagination"]["total"] == 0
    assert "request_failed" not in {entry["event"] for entry in log}
    assert len(logged_requests(log, 1, status=499)) == 1


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/payments/intents"])
def test_an_empty_list_within_a_body_counts_as_an_empty_object_too(client, path):
    body = {"amount": 4000, "currency": "GHS", "metadata": [], "policy": []}

    created = client.post(path, json=body)

    assert created.status_code == 201, created.text
    assert created.json()["metadata"] == {}


def test_a_filter_reads_methods_countries_and_statuses_as_a_body_does(client):
    client.post(
        "/v1/payments/intents",
        json={"amount": 4000, "currency": "GHS", "method": "Apple-Pay", "country": "gh"},
    )

    def found(**query):
        return len(client.get("/v1/payments", params=query).raise_for_status().json())

    assert found(method="google_pay") == found(method="CARD") == found(country="gh") == 1
    assert found(method="momo") == found(status="abandoned") == found(status="cancelled") == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PATCH", "/v1/invoices/inv_1", {"status": "paid"}, "status"),
        ("PATCH", "/v1/payment-links/pl_1", {"status": "exhausted"}, "status"),
        ("PATCH", "/v1/payment-links/pl_1", {"status": ["active"]}, "status"),
        ("PATCH", "/v1/payment-links/pl_1", {"name": None}, "name"),
        ("PATCH", "/v1/payment-links/pl_1", {"currency": None}, "currency"),
    ],
)
def test_a_refused_change_names_the_field(client, method, path, body, field):
    answer = client.request(method, path, json=body)

    assert (answer.status_code, answer.json()["details"]["field"]) == (400, field)


def test_an_id_of_a_link_without_a_key_is_told_that_it_needs_one(client):
    answer = httpx.get(f"{client.base_url}/v1/pay/pl_1")

    assert (answer.status_code, answer.json()["code"]) == (404, "payment_link_not_found")
    assert "without an API key" in answer.json()["message"]


@pytest.mark.parametrize("value", ["1", "[]", "{}"])
def test_more_values_than_anybody_needs_are_not_read(value):
    body = f'{{"a": [{",".join([value] * (MOST_VALUES + 1))}]}}'.encode()

    with pytest.raises(InvalidInput, match="20000 values"):
        parse_object(body)


def test_a_form_of_percent_signs_is_not_read():
    with pytest.raises(InvalidInput, match="percent-encoded"):
        parse_query(b"a=" + b"%" * 60_000)
