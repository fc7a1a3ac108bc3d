"""What visitors and their browsers may do, and what they are kept from doing and learning."""

import re
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import select

from ledger.schema import replies

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

SUMMER = {"name": "Summer Sale", "amount": 9900, "currency": "GHS"}
ADA = {"external_id": "usr_1", "email": "ada@example.com", "name": "Ada Lovelace"}
PAYMENT = {"amount": 15000, "currency": "GHS", "customer_id": "usr_1"}
LONG_AGO = "2020-02-29T12:00:00Z"


@pytest.fixture
def strict(new_server):
    """A service that asks for an idempotency key with every write."""
    return new_server(require_idempotency_key=True)


@pytest.fixture
def browser(strict):
    """Sends no key of any kind, follows every redirect and runs no script."""
    with httpx.Client(base_url=strict.url, follow_redirects=True, timeout=30) as browser:
        yield browser


def new_key(client, *scopes):
    return client.post("/v1/api-keys", json={"name": "a key", "scopes": scopes}).json()["raw"]


def link_of(server, **terms):
    headers = {"X-Reevit-Key": server.found("Ama").keys["test"], "Idempotency-Key": "a link"}
    return httpx.post(f"{server.url}/v1/payment-links", json=SUMMER | terms, headers=headers).json()


def begin(browser, link, **said):
    """Sends the form as a browser does that was shown it; the page that follows."""
    shown = browser.get(f"/pay/{link['code']}")
    nonce = re.search(r'name="nonce" value="([^"]+)"', shown.text)[1]
    return browser.post(f"/pay/{link['code']}", data={"nonce": nonce, **said})


@on_both_databases
def test_what_is_only_looked_at_takes_no_key_and_leaves_none(client, merchant, stranger):
    link = client.post("/v1/payment-links", json=SUMMER).json()
    session = client.post("/v1/checkout/sessions", json={"amount": 1, "currency": "GHS"}).json()
    looks = [f"/v1/pay/{link['code']}", f"/v1/checkout/sessions/{session['session_secret']}"]

    for path in looks * 2:
        answer = stranger.get(path, headers={"Idempotency-Key": "the same"})
        assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (200, False)

    merchant.server.parts.link_views.record_all()
    assert client.get(f"/v1/payment-links/{link['id']}/stats").json()["views"] == 2
    with merchant.server.ledger.engine.connect() as connection:
        kept = select(replies.c.key).where(replies.c.book == merchant.book)
        assert connection.execute(kept).all() == []


def test_a_look_is_not_asked_for_the_key_that_writes_need(strict, browser):
    link = link_of(strict)

    assert browser.get(f"/v1/pay/{link['code']}").status_code == 200
    assert browser.get(f"/pay/{link['code']}").status_code == 200
    assert browser.post(f"/v1/pay/{link['code']}/pay", json={}).json()["code"] == (
        "missing_idempotency_key"
    )


@on_both_databases
def test_a_browser_pays_where_writes_need_a_key(strict, browser):
    link = link_of(strict, max_uses=1)

    begun = begin(browser, link, email="ada@example.com")
    paid = browser.post(begun.url)

    assert "Confirm GHS\N{NO-BREAK SPACE}99.00" in begun.text
    assert "Paid. Thank you." in paid.text
    late = browser.post(f"/pay/{link['code']}", data={"nonce": "another"})
    assert late.status_code == 410


def test_what_was_typed_wrong_is_said_where_writes_need_a_key(strict, browser):
    link = link_of(strict, amount=0, allow_custom_amount=True)

    answer = begin(browser, link, amount="ten")

    assert answer.status_code == 400
    assert "is not an amount in GHS" in answer.text


@on_both_databases
@pytest.mark.parametrize("required", [True, False])
def test_a_refused_confirmation_is_said_on_the_page_of_the_payment(new_server, required):
    server = new_server(require_idempotency_key=required)
    link = link_of(server, max_uses=1)
    with httpx.Client(base_url=server.url, follow_redirects=True, timeout=30) as browser:
        first = begin(browser, link, email="ada@example.com")
        second = begin(browser, link, email="grace@example.com")
        browser.post(first.url)

        refused = browser.post(second.url)

    assert refused.status_code == 200
    assert "<h1><bdi>Summer Sale</bdi></h1>" in refused.text
    assert "This link has been used up" in refused.text
    assert "Confirm" not in refused.text


def test_choosing_a_method_takes_no_key_and_leaves_none(strict):
    key = {"X-Reevit-Key": strict.found("Ama").keys["test"], "Idempotency-Key": "opens"}
    body = {"amount": 15000, "currency": "GHS"}
    url = f"{strict.url}/v1/checkout/sessions"
    session = httpx.post(url, json=body, headers=key).json()

    chosen = [
        httpx.post(f"{url}/{session['session_secret']}/select", json={"method": "ussd"}, **sent)
        for sent in ({}, {"headers": {"Idempotency-Key": "of a browser"}})
    ]

    assert [answer.status_code for answer in chosen] == [200, 200]
    with strict.ledger.engine.connect() as connection:
        assert len(connection.execute(select(replies.c.key)).all()) == 1


@pytest.mark.parametrize("path", ["/v1/checkout/sessions", "/v1/payments/intents"])
def test_a_checkout_key_does_not_say_when_something_happened(client, merchant, path):
    body = {"amount": 15000, "currency": "GHS", "occurred_at": LONG_AGO}

    with merchant.client(new_key(client, "checkout:write")) as checkout:
        refused = checkout.post(path, json=body)
    stated = client.post(path, json=body)

    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert stated.status_code == 201
    [payment] = client.get("/v1/payments").json()
    assert payment["created_at"] == LONG_AGO


def test_a_client_secret_does_not_say_when_something_happened(client, stranger):
    payment = client.post("/v1/payments/intents", json={"amount": 9900, "currency": "GHS"}).json()

    confirmed = stranger.post(
        f"/v1/payments/{payment['id']}/confirm-intent",
        params={"client_secret": payment["client_secret"], "occurred_at": LONG_AGO},
        json={"occurred_at": LONG_AGO},
    )

    assert confirmed.json()["status"] == "succeeded"
    history = client.get(f"/v1/payments/{payment['id']}").json()
    assert datetime.fromisoformat(history["updated_at"]).year == datetime.now(UTC).year


@on_both_databases
def test_a_page_the_organization_named_may_confirm_from_a_browser(client, merchant, stranger):
    payment = client.post("/v1/payments/intents", json={"amount": 9900, "currency": "GHS"}).json()
    others = merchant.server.found("Esi's shop").keys["test"]
    with merchant.client(others) as esi:
        esi.put("/v1/checkout/settings", json={"allowed_origins": ["https://esi.example"]})
    client.put("/v1/checkout/settings", json={"allowed_origins": ["https://shop.example"]})

    def confirm(origin, method="POST", secret=payment["client_secret"]):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        path = f"/v1/payments/{payment['id']}/confirm-intent"
        return stranger.request(method, path, params={"client_secret": secret}, headers=headers)

    allowed = "Access-Control-Allow-Origin"
    asked_first = confirm("https://shop.example", "OPTIONS")
    assert (asked_first.status_code, asked_first.headers[allowed]) == (204, "https://shop.example")
    assert confirm("https://shop.example").headers[allowed] == "https://shop.example"
    assert allowed not in confirm("https://esi.example").headers
    assert allowed not in confirm("https://shop.example", secret="nonsense").headers


@on_both_databases
@pytest.mark.parametrize("path", ["/v1/payments/intents", "/v1/checkout/sessions"])
def test_a_page_the_organization_named_may_begin_a_payment_with_a_checkout_key(
    client, merchant, stranger, path
):
    ours = new_key(client, "checkout:write")
    client.put("/v1/checkout/settings", json={"allowed_origins": ["https://shop.example"]})
    with merchant.client(merchant.server.found("Esi's shop").keys["test"]) as esi:
        esi.put("/v1/checkout/settings", json={"allowed_origins": ["https://esi.example"]})

    def ask(origin, method="POST", key=ours, amount=9900):
        # What a browser asks before it asks has no key: it is answered for all, and tells nothing.
        said = {"X-Reevit-Key": key} if method == "POST" else {}
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"} | said
        body = {"amount": amount, "currency": "GHS"}
        return stranger.request(method, path, json=body, headers=headers)

    allowed = "Access-Control-Allow-Origin"
    asked_first = ask("https://shop.example", "OPTIONS")
    assert (asked_first.status_code, asked_first.headers[allowed]) == (204, "https://shop.example")
    begun, refused = ask("https://shop.example"), ask("https://shop.example", amount=-1)
    assert (begun.status_code, begun.headers[allowed]) == (201, "https://shop.example")
    assert (refused.status_code, refused.headers[allowed]) == (400, "https://shop.example")
    assert allowed not in ask("https://esi.example").headers
    assert allowed not in ask("https://shop.example", key=new_key(client, "payments:write")).headers
    assert allowed not in ask("https://shop.example", key="pfk_test_nonsense").headers


@pytest.mark.parametrize(
    ("scopes", "is_shown"),
    [
        (["payments:write"], False),
        (["payments:write", "payments:read", "customers:write"], False),
        (["payments:write", "customers:read"], True),
    ],
)
def test_only_who_may_read_customers_is_filled_in_about_them(client, merchant, scopes, is_shown):
    customer = client.post("/v1/customers", json=ADA).json()

    with merchant.client(new_key(client, *scopes)) as server:
        session = server.post("/v1/checkout/sessions", json=PAYMENT).json()
        asked = server.get(f"/v1/customers/{customer['id']}/prefill")

    told = session["customer"] is not None, session["prefill"] is not None
    assert told == (is_shown, is_shown)
    assert ("Lovelace" in str(session)) == is_shown
    assert asked.status_code == (200 if is_shown else 403)


def test_without_a_key_nobody_is_filled_in_about_anybody(client, stranger):
    customer = client.post("/v1/customers", json=ADA).json()

    asked = stranger.get(f"/v1/customers/{customer['id']}/prefill")
    opened = stranger.post("/v1/checkout/sessions", json=PAYMENT)

    assert [asked.status_code, opened.status_code] == [401, 401]
    assert "Lovelace" not in asked.text + opened.text


@on_both_databases
@pytest.mark.parametrize("meant", ["our id", "usr_1", "ada@example.com"])
def test_a_key_that_may_not_read_customers_makes_no_page_that_shows_one(
    client, merchant, stranger, meant
):
    ada = client.post("/v1/customers", json=ADA).json()
    body = SUMMER | {"customer_id": ada["id"] if meant == "our id" else meant}

    with merchant.client(new_key(client, "payment_links:write")) as marketing:
        link = marketing.post("/v1/payment-links", json=body).json()
    pages = [stranger.get(f"{path}{link['code']}").text for path in ("/v1/pay/", "/pay/")]
    begun = stranger.post(f"/v1/pay/{link['code']}/pay", json={}).json()

    for told in (str(link), *pages):
        assert "Lovelace" not in told
        assert meant == "ada@example.com" or "ada@example.com" not in told
    assert client.get(f"/v1/payments/{begun['id']}").json()["customer_id"] == ada["id"]
    made_for = {"customer_id": ada["id"]}
    assert client.get(f"/v1/payment-links/{link['id']}").json() == link | made_for
    assert "prefills" not in link


@on_both_databases
def test_who_a_page_shows_follows_the_key_that_named_them_last(client, merchant, stranger):
    client.post("/v1/customers", json=ADA)
    link = client.post("/v1/payment-links", json=SUMMER | {"customer_id": "usr_1"}).json()

    def named():
        return stranger.get(f"/v1/pay/{link['code']}").json()["customer"]

    with merchant.client(new_key(client, "payment_links:write")) as marketing:
        path = f"/v1/payment-links/{link['id']}"
        marketing.patch(path, json={"name": "Autumn Sale"})
        renamed = named()
        marketing.patch(path, json={"customer_id": "usr_1"})
        taken_over = named()
        client.patch(path, json={"customer_id": "usr_1"})

    assert renamed["name"] == named()["name"] == "Ada Lovelace"
    assert taken_over is None


def test_a_key_that_may_not_read_customers_is_refused_like_any_other(client, merchant):
    body = SUMMER | {"customer_id": "cus_" + "0" * 26}

    with merchant.client(new_key(client, "payment_links:write")) as marketing:
        refused = marketing.post("/v1/payment-links", json=body)
    whole = client.post("/v1/payment-links", json=body)

    assert (refused.status_code, refused.json()["code"]) == (404, "customer_not_found")
    assert refused.json() == whole.json()


@on_both_databases
def test_a_link_for_somebody_deleted_is_paid_by_whoever_comes(client, stranger):
    ada = client.post("/v1/customers", json=ADA).json()
    terms = SUMMER | {"amount": 4000, "customer_id": ada["id"]}
    link = client.post("/v1/payment-links", json=terms).json()
    client.delete(f"/v1/customers/{ada['id']}")

    seen = stranger.get(f"/v1/pay/{link['code']}").json()
    begun = stranger.post(f"/v1/pay/{link['code']}/pay", json={"email": "grace@example.com"})

    assert (seen["customer"], seen["prefill"]) == (None, None)
    assert begun.status_code == 201
    payment = client.get(f"/v1/payments/{begun.json()['id']}").json()
    [grace] = client.get("/v1/customers").json()["customers"]
    assert (payment["customer_id"], grace["email"]) == (grace["id"], "grace@example.com")


@on_both_databases
def test_links_are_ranked_by_what_they_brought_in_each_currency_by_itself(client, stranger):
    links = {}
    for currency, amount in (("GHS", 4000), ("NGN", 900_000), ("GHS", 9000), ("NGN", 4000)):
        terms = SUMMER | {"currency": currency, "amount": amount}
        link = client.post("/v1/payment-links", json=terms).json()
        links[link["id"]] = (currency, amount)
        payment = stranger.post(f"/v1/pay/{link['code']}/pay", json={}).json()
        stranger.post(
            f"/v1/payments/{payment['id']}/confirm-intent",
            params={"client_secret": payment["client_secret"]},
        )

    listed = client.get("/v1/payment-links", params={"sort_by": "total_revenue"}).json()

    assert [links[link["id"]] for link in listed["payment_links"]] == [
        ("GHS", 9000),
        ("GHS", 4000),
        ("NGN", 900_000),
        ("NGN", 4000),
    ]


@on_both_databases
def test_the_payments_of_a_link_name_their_payers_to_who_may_read_customers(
    client, merchant, stranger
):
    link = client.post("/v1/payment-links", json=SUMMER | {"amount": 4000}).json()
    stranger.post(f"/v1/pay/{link['code']}/pay", json={"name": "Ada Lovelace"})

    def named(*scopes):
        with merchant.client(new_key(client, *scopes)) as reader:
            [payment] = reader.get(f"/v1/payment-links/{link['id']}/payments").json()["payments"]
        return payment["customer_name"]

    assert named("payment_links:read") is None
    assert named("payment_links:read", "customers:read") == "Ada Lovelace"
    assert named() == "Ada Lovelace"


@on_both_databases
def test_in_live_mode_the_page_says_that_the_link_is_used_up(merchant, stranger):
    with merchant.client(merchant.founded.keys["live"]) as live:
        link = live.post("/v1/payment-links", json=SUMMER | {"max_uses": 1}).json()
        begun = [stranger.post(f"/v1/pay/{link['code']}/pay", json={}).json() for _ in range(2)]
        live.post(f"/v1/payments/{begun[0]['id']}/confirm")

        answer = stranger.post(
            f"/v1/payments/{begun[1]['id']}/confirm-intent",
            params={"client_secret": begun[1]["client_secret"]},
        )
        told = live.post(f"/v1/payments/{begun[1]['id']}/confirm")

    assert (answer.status_code, answer.json()["code"]) == (410, "payment_link_exhausted")
    assert told.json()["status"] == "succeeded"


def test_a_typed_nothing_is_not_the_suggested_amount(client, stranger):
    terms = {"allow_custom_amount": True, "min_amount": 500}
    link = client.post("/v1/payment-links", json=SUMMER | terms).json()

    answer = begin(stranger, link, amount="0.00", email="ada@example.com")

    assert answer.status_code == 400
    assert "Enter at least GHS\N{NO-BREAK SPACE}5.00" in answer.text
    assert client.get(f"/v1/payment-links/{link['id']}/payments").json()["payments"] == []
    assert stranger.post(f"/v1/pay/{link['code']}/pay", json={"amount": 0}).status_code == 201


@on_both_databases
def test_a_page_shows_and_confirms_only_what_was_begun_on_it(client, stranger):
    link, other = (client.post("/v1/payment-links", json=SUMMER).json() for _ in range(2))
    own, others = (
        stranger.post(f"/v1/pay/{each['code']}/pay", json={}).json() for each in (link, other)
    )
    intent = client.post("/v1/payments/intents", json={"amount": 1, "currency": "GHS"}).json()
    client.delete(f"/v1/payment-links/{link['id']}")

    def ask(method, payment):
        stranger.cookies.set(f"{link['code']}.{payment['id']}", payment["client_secret"])
        return stranger.request(method, f"/pay/{link['code']}/payments/{payment['id']}")

    for method in ("GET", "POST"):
        for payment in (others, intent):
            refused = ask(method, payment)
            assert refused.status_code == 404
            assert "This payment cannot be shown" in refused.text
    assert client.get(f"/v1/payments/{others['id']}").json()["status"] == "pending"
    assert (ask("GET", own).status_code, ask("POST", own).status_code) == (200, 303)
    assert client.get(f"/v1/payments/{own['id']}").json()["status"] == "succeeded"
