"""Who may not read customers is told nothing about them, by whatever answer."""

import httpx
import pytest

from api import app
from api.http.request import ApiRequest
from api.http.routing import needs, new_router

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

ADA = {
    "external_id": "usr_ada",
    "email": "ada@example.com",
    "phone": "+233501234567",
    "name": "Ada Lovelace",
}
ALL_BUT_CUSTOMERS = [
    *("payments:read", "payments:write", "payment_links:read", "payment_links:write"),
    *("subscriptions:read", "subscriptions:write", "invoices:read", "invoices:write"),
]
PLAN = {
    "plan_id": "plan_1",
    "amount": 4000,
    "currency": "GHS",
    "method": "card",
    "interval": "monthly",
}
LINK = {"name": "Summer Sale", "amount": 4000, "currency": "GHS"}
INTENT = {"amount": 15000, "currency": "GHS"}


def new_key(client, *scopes):
    return client.post("/v1/api-keys", json={"name": "a key", "scopes": scopes}).json()["raw"]


@pytest.fixture
def shop(client, stranger):
    """Ada has paid in every way there is; the ids of what she is named in."""
    ada = client.post("/v1/customers", json=ADA).json()["id"]
    named = {"customer_id": ada}
    link = client.post("/v1/payment-links", json=LINK | named).json()
    stranger.post(f"/v1/pay/{link['code']}/pay", json={"email": "ada@example.com"})
    intent = client.post("/v1/payments/intents", json=INTENT | named).json()
    subscription = client.post("/v1/subscriptions", json=PLAN | named).json()
    [invoice] = client.get("/v1/invoices").json()
    refunded = client.post("/v1/payments/intents", json=INTENT | named | {"amount": 4000}).json()
    refund = client.post(f"/v1/payments/{refunded['id']}/refund").json()
    return {
        "customer": ada,
        "payment_id": intent["id"],
        "link": link["id"],
        "subscription_id": subscription["id"],
        "invoice_id": invoice["id"],
        "refund_id": refund["id"],
    }


@pytest.fixture
def blind(client, merchant):
    """May do everything but read customers."""
    with merchant.client(new_key(client, *ALL_BUT_CUSTOMERS)) as blind:
        yield blind


def hides(answer, shop):
    """Whether there is neither hide nor hair of her."""
    told = answer.text + str(answer.headers)
    about = [shop["customer"], "usr_ada", "ada@example.com", "501234567", "Lovelace", "cus_"]
    return not any(each in told for each in about) and "whence-position" not in answer.headers


def test_no_question_is_answered_about_customers(document, blind, shop):
    """Every route there is that such a key may ask, and every way of asking that it has."""
    paths = document["paths"]
    asked = {}
    for path, methods in paths.items():
        if "get" not in methods or "/customers" in path or "{code}" in path:
            continue
        formats = ["json", "csv"] if "export" in path else [None]
        source = {"source": "payment_link"} if path.endswith("sources/explain") else {}
        for kind in formats:
            query = source | ({"format": kind} if kind else {})
            try:
                address = path.format(**shop)
            except KeyError:
                continue
            asked[path, kind] = blind.get(address, params=query)

    answered = {each: answer for each, answer in asked.items() if answer.status_code == 200}
    assert len(answered) > 15
    for each, answer in answered.items():
        assert hides(answer, shop), (each, answer.text)


def test_no_refusal_names_a_customer(client, blind, shop):
    failed = client.post("/v1/payments/intents", json=INTENT | {"customer_id": "usr_ada"}).json()
    client.post(f"/v1/payments/{failed['id']}/fail")
    client.delete(f"/v1/customers/{shop['customer']}")

    refused = [
        blind.post(f"/v1/payments/{failed['id']}/retry"),
        blind.patch(f"/v1/payments/intents/{failed['id']}", json={"customer_id": "usr_9"}),
    ]

    for answer in refused:
        assert answer.status_code == 400
        assert hides(answer, shop), answer.text


def test_whose_a_payment_is_cannot_be_guessed(client, blind, shop):
    """A guess that is right is answered like one that is wrong."""
    path = f"/v1/payments/intents/{shop['payment_id']}"
    guesses = ("usr_ada", "ada@example.com", shop["customer"], "usr_9", "bob@example.com")

    told = {blind.patch(path, json={"customer_id": guess}).text for guess in guesses}

    assert ["has a customer already" in each for each in told] == [True]
    assert client.patch(path, json={"customer_id": "usr_ada"}).status_code == 200


def test_who_only_writes_customers_is_told_their_own_words(client, merchant, shop):
    """Sent by a key that reads them before, or not."""
    paths = [f"/v1/customers/{shop['customer']}", "/v1/customers/external/usr_ada"]
    with merchant.client(new_key(client, "customers:write")) as writer:
        for at, path in enumerate((*paths, paths[1])):
            method, key = ("PUT" if at == 2 else "PATCH"), {"Idempotency-Key": f"key {at}"}
            body = {"tags": [f"number {at}"]}
            whole = client.request(method, path, json=body, headers=key).json()

            again = writer.request(method, path, json=body, headers=key)
            first = writer.request(method, path, json=body)

            assert whole["email"] == "ada@example.com"
            assert again.headers["Idempotent-Replayed"] == "true"
            for answer in (again.json(), first.json()):
                assert (answer["id"], answer["tags"]) == (shop["customer"], body["tags"])
                assert [answer[name] for name in ADA] == [None] * 4
                assert "total_spent" not in answer


def test_what_is_counted_of_customers_is_not_told_either(client, blind, shop):
    """How many were converted, and what they have paid since."""
    stats = blind.get(f"/v1/payment-links/{shop['link']}/stats").json()
    [row, *_] = blind.get("/v1/payments/stats/sources").json()["sources"]
    explained = blind.get("/v1/payments/stats/sources/explain", params={"source": "payment_link"})
    whole = client.get(f"/v1/payment-links/{shop['link']}/stats").json()

    assert stats["views"] == whole["views"]
    hidden = ("converted_customers", "converted_revenue", "later_revenue")
    assert [stats[name] for name in hidden] == [None] * 3
    assert [whole[name] for name in hidden] == [1, 12000, 8000]
    assert row["customers"] is None
    assert {fact["position"] for fact in explained.json()["facts"]} == {None}


def test_no_question_may_be_asked_about_one_customer(blind, shop):
    paths = ["/v1/payments", "/v1/payments/export", "/v1/exports/payments", "/v1/payments/stats"]
    for path in [*paths, "/v1/subscriptions", "/v1/invoices"]:
        refused(blind.get(path, params={"customer_id": shop["customer"]}))


@pytest.mark.parametrize("payer", ["new", "returning", "guest"])
def test_nobody_is_told_who_had_paid_before(blind, payer):
    for path in ("/v1/payments", "/v1/exports/payments"):
        refused(blind.get(path, params={"payer": payer}))


def refused(answer):
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert answer.json()["details"]["scope"] == "customers:read"


def test_no_command_answers_about_customers(blind, shop):
    named = {"customer_id": "usr_ada"}
    made = blind.post("/v1/payments/intents", json=INTENT | named).json()["id"]
    answers = [
        blind.post("/v1/payments/intents", json=INTENT | named),
        blind.patch(f"/v1/payments/intents/{made}", json={"metadata": {"order": "1"}}),
        blind.patch(f"/v1/payments/intents/{made}", json={"customer_id": "usr_9"}),
        blind.post(f"/v1/payments/{made}/confirm"),
        blind.post(f"/v1/payments/{made}/dispute", json={"amount": 1}),
        blind.post(f"/v1/payments/{made}/dispute/resolve", json={"outcome": "won"}),
        blind.post(f"/v1/payments/{made}/refund", json={"amount": 1}),
        blind.post(f"/v1/payments/{shop['payment_id']}/cancel"),
        blind.post("/v1/checkout/sessions", json=INTENT | named),
        blind.post("/v1/payment-links", json=LINK | named),
        blind.patch(f"/v1/payment-links/{shop['link']}", json={"name": "Autumn Sale"}),
        blind.post("/v1/subscriptions", json=PLAN | named),
        blind.post(f"/v1/subscriptions/{shop['subscription_id']}/pause"),
        blind.patch(f"/v1/invoices/{shop['invoice_id']}", json={"metadata": {}}),
    ]

    assert [answer.status_code for answer in answers if answer.status_code >= 300] == [400]
    for answer in answers:
        assert hides(answer, shop), (answer.request.url, answer.text)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/payments/intents", INTENT, "customer"),
        ("/v1/checkout/sessions", INTENT, "prefill"),
        ("/v1/payment-links", LINK, "customer_id"),
        ("/v1/subscriptions", PLAN, "customer_id"),
    ],
)
def test_what_is_answered_again_is_what_the_one_who_asks_may_know(
    client, blind, shop, path, body, field
):
    """One idempotency key, sent by two keys of the shop."""
    body = body | {"customer_id": "usr_ada"}

    def send(caller, key):
        return caller.post(path, json=body, headers={"Idempotency-Key": key})

    for first, second in ((client, blind), (blind, client)):
        answers = {caller: send(caller, f"by {first is client}") for caller in (first, second)}
        assert answers[second].headers["Idempotent-Replayed"] == "true"
        assert hides(answers[blind], shop)
        seen = answers[client].json()
        assert (shop["customer"] in str(seen)) == (
            path != "/v1/checkout/sessions" or first is client
        )
        assert (seen[field] is None) == (path == "/v1/checkout/sessions" and first is blind)


_router = new_router("a route that says nothing of secrecy")


@_router.post("/v1/forgetful", dependencies=[needs("payments:write")])
async def forgetful(request: ApiRequest):
    def show(_work, customer_id):
        return {"id": "x", "customer_id": customer_id}

    async def decide(_work):
        return "cus_ada"

    return await request.decide(decide, show=show)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "order-1"}])
def test_a_command_need_not_remember_who_may_know_of_customers(new_server, monkeypatch, headers):
    """Answered for the first time, or again."""
    monkeypatch.setattr("api.app._COMMANDS", (*app._COMMANDS, _router))  # noqa: SLF001 (as it serves)
    server = new_server()
    with httpx.Client(base_url=server.url) as client:
        client.headers["X-Reevit-Key"] = server.found("Ama").keys["test"]
        narrow = {"X-Reevit-Key": new_key(client, "payments:write")}

        answers = [
            client.post("/v1/forgetful", headers=headers | who) for who in (narrow, {}, narrow)
        ]

    assert [answer.json()["customer_id"] for answer in answers] == [None, "cus_ada", None]
    replayed = ["Idempotent-Replayed" in answer.headers for answer in answers]
    assert replayed == [False, bool(headers), bool(headers)]


def test_a_position_is_told_to_who_may_read_customers_and_never_to_a_page(
    client, merchant, stranger, shop
):
    """From one to the next it tells whether somebody was new."""
    link = client.post("/v1/payment-links", json=LINK).json()
    origin = {"Origin": "https://shop.example"}
    client.put("/v1/checkout/settings", json={"allowed_origins": [origin["Origin"]]})
    with merchant.client(new_key(client, "checkout:write")) as checkout:
        session = checkout.post("/v1/checkout/sessions", json=INTENT)
        intent = checkout.post("/v1/payments/intents", json=INTENT)
    secret = session.json()["session_secret"]
    paths = [f"/v1/pay/{link['code']}", f"/v1/checkout/sessions/{secret}", f"/pay/{link['code']}"]
    public = [stranger.get(path, headers=origin) for path in paths]
    public.append(stranger.post(f"/v1/pay/{link['code']}/pay", json={}, headers=origin))
    # The key of whoever tries the page in their own browser changes nothing.
    public.append(client.get(paths[0], headers=origin))

    for answer in (session, intent, *public):
        assert answer.is_success
        assert "whence-position" not in answer.headers
        assert "Whence-Position" not in answer.headers.get("access-control-expose-headers", "")
    assert "whence-position" in client.get(f"/v1/payments/{shop['payment_id']}").headers


def test_the_steps_of_a_payment_are_numbered_by_themselves(client, shop):
    """And not by their place in the book, where others stand between them."""
    client.post(f"/v1/payments/{shop['payment_id']}/confirm")
    client.post("/v1/customers", json={})

    steps = client.get(f"/v1/payments/{shop['payment_id']}/status_history").json()

    assert [step["id"] for step in steps] == [2, 1]
