"""Checkout sessions: opened by a server, used by the page somebody pays on."""

import pytest
import requests

pytestmark = pytest.mark.filterwarnings("ignore:org_id should be provided:DeprecationWarning")

ADA = {"external_id": "usr_1234", "email": "ada@example.com", "name": "Ada Lovelace"}
PAYMENT = {"amount": 15000, "currency": "GHS", "customer_id": "usr_1234"}


def page(shop, secret, path="", method="GET", **asked):
    address = f"{shop.url}/v1/checkout/sessions/{secret}{path}"
    return requests.request(method, address, timeout=30, **asked)


def confirm(shop, session):
    payment = session["payment_intent"]
    return requests.post(
        f"{shop.url}/v1/payments/{payment['id']}/confirm-intent",
        params={"client_secret": session["client_secret"]},
        timeout=30,
    ).json()


@pytest.fixture
def ada(client):
    customer = client.customers.create(ADA)
    client.payments.create_intent(
        {
            "amount": 4000,
            "currency": "NGN",
            "customer_id": customer["id"],
            "method": "bank_transfer",
        }
    )
    return customer


@pytest.fixture
def checkout_key(shop):
    answer = requests.post(
        f"{shop.url}/v1/api-keys",
        headers={"X-Reevit-Key": shop.test_key},
        json={"name": "the website", "scopes": ["checkout:write"]},
        timeout=30,
    )
    return answer.json()["raw"]


def test_a_session_is_opened_seen_and_paid(client, shop, ada):
    session = client.checkout_sessions.create(PAYMENT)

    assert session["id"].startswith("cs_")
    assert page(shop, session["session_secret"]).json() == session
    assert session["payment_intent"]["source"] == "api"
    assert confirm(shop, session)["status"] == "succeeded"
    seen = page(shop, session["session_secret"]).json()
    assert seen["payment_intent"]["status"] == "succeeded"
    paid = client.customers.get(ada["id"])["totals_by_currency"]
    assert {each["currency"]: each["successful_payments"] for each in paid} == {"GHS": 1, "NGN": 1}


def test_a_returning_customer_need_not_type_again_what_is_known(client, ada):
    session = client.checkout_sessions.create(PAYMENT)

    assert session["customer"] == {
        "id": ada["id"],
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": None,
    }
    assert session["prefill"] == {
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": None,
        "method": "bank_transfer",
        "country": "NG",
    }


@pytest.mark.parametrize("meant", ["usr_1234", "ada@example.com"])
def test_who_merely_knows_an_address_learns_nothing(client, shop, ada, checkout_key, meant):
    answer = requests.post(
        f"{shop.url}/v1/checkout/sessions",
        headers={"X-Reevit-Key": checkout_key},
        json=PAYMENT | {"customer_id": meant},
        timeout=30,
    )

    session = answer.json()
    assert answer.status_code == 201
    for told in (session, page(shop, session["session_secret"]).json()):
        assert (told["customer"], told["prefill"]) == (None, None)
        assert "Lovelace" not in str(told)
        assert told["payment_intent"]["customer_id"] is None
    # An address is what a visitor says of themselves: it is believed when they have paid.
    confirm(shop, session)
    assert client.payments.get(session["payment_intent"]["id"])["customer_id"] == ada["id"]


def test_the_payer_chooses_how_to_pay_and_every_figure_follows(client, shop, ada):  # noqa: ARG001 (she pays)
    session = client.checkout_sessions.create(PAYMENT | {"method": "card"})

    chosen = page(
        shop, session["session_secret"], "/select", "POST", json={"method": "momo"}
    ).json()
    again = page(
        shop, session["session_secret"], "/select", "POST", json={"method": "mobile_money"}
    )
    confirm(shop, session)

    assert chosen["payment_intent"]["method"] == "mobile_money"
    assert again.status_code == 200
    assert client.payments.get(session["payment_intent"]["id"])["method"] == "mobile_money"
    listed = {
        method: client.customers.list(payment_method=method)
        for method in ("card", "mobile_money", "bank_transfer")
    }
    assert {method: len(found) for method, found in listed.items()} == {
        "card": 0,
        "mobile_money": 1,
        "bank_transfer": 1,
    }
    counted = requests.get(
        f"{shop.url}/v1/payments",
        headers={"X-Reevit-Key": shop.test_key},
        params={"method": "card"},
        timeout=30,
    )
    assert (counted.json(), counted.headers["X-Total-Count"]) == ([], "0")


def test_what_is_decided_is_not_chosen_again(client, shop, ada):  # noqa: ARG001 (she pays)
    session = client.checkout_sessions.create(PAYMENT)
    confirm(shop, session)

    refused = page(shop, session["session_secret"], "/select", "POST", json={"method": "ussd"})

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_state")


@pytest.mark.parametrize("change", ["another proof", "no secret", "of a payment"])
def test_only_the_secret_opens_a_session(client, shop, ada, change):  # noqa: ARG001 (she pays)
    session = client.checkout_sessions.create(PAYMENT)
    right = session["session_secret"]
    wrong = {
        "another proof": right[:-1] + ("0" if right[-1] != "0" else "1"),
        "no secret": session["id"],
        "of a payment": session["client_secret"],
    }[change]

    answer = page(shop, wrong)

    assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found")


def test_a_page_the_organization_named_may_call_from_a_browser(client, shop, ada):  # noqa: ARG001 (she pays)
    session = client.checkout_sessions.create(PAYMENT)
    origin = {"Origin": "https://shop.example"}
    ask_first = origin | {"Access-Control-Request-Method": "POST"}
    before = page(shop, session["session_secret"], headers=origin)
    requests.put(
        f"{shop.url}/v1/checkout/settings",
        headers={"X-Reevit-Key": shop.test_key},
        json={"allowed_origins": ["https://shop.example"]},
        timeout=30,
    ).raise_for_status()

    after = page(shop, session["session_secret"], headers=origin)
    preflight = page(shop, session["session_secret"], "/select", "OPTIONS", headers=ask_first)
    elsewhere = page(shop, session["session_secret"], headers={"Origin": "https://evil.example"})

    allowed = "Access-Control-Allow-Origin"
    assert (before.status_code, allowed in before.headers) == (200, False)
    assert after.headers[allowed] == preflight.headers[allowed] == "https://shop.example"
    assert preflight.status_code == 204
    assert allowed not in elsewhere.headers
