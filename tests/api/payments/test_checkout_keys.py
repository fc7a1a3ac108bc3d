"""What a page with a checkout key, or without any, is told of who is a customer: nothing."""

import re

import pytest

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

ADA = {
    "external_id": "usr_ada",
    "email": "ada@example.com",
    "phone": "+233501234567",
    "name": "Ada Lovelace",
}
INTENT = {"amount": 15000, "currency": "GHS"}
LINK = {"name": "Summer Sale", "amount": 9900, "currency": "GHS"}


@pytest.fixture
def ada(client):
    return client.post("/v1/customers", json=ADA).json()["id"]


@pytest.fixture
def page(client, merchant):
    """A page that holds the checkout key of the shop."""
    body = {"name": "web", "scopes": ["checkout:write"]}
    with merchant.client(client.post("/v1/api-keys", json=body).json()["raw"]) as page:
        yield page


def told(answer):
    """All of an answer but what is another every time."""
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in {"date", "x-request-id"} and "ratelimit" not in name
    }
    body = re.sub(r"(pay|cs|sim)_[0-9a-z]{26}(_secret_[0-9a-z_]+)?", "…", answer.text)
    body = re.sub(r"20[0-9]{2}-[0-9T:.-]+Z", "a moment", body)
    # A moment that ends with zeros is written in fewer letters.
    headers.pop("content-length")
    return answer.status_code, headers, body


def confirm(caller, payment):
    return caller.post(
        f"/v1/payments/{payment['id']}/confirm-intent",
        params={"client_secret": payment["client_secret"]},
    )


@pytest.mark.parametrize("amount", [15000, 4000], ids=["waits", "paid at once"])
@pytest.mark.parametrize("path", ["/v1/payments/intents", "/v1/checkout/sessions"])
def test_a_checkout_key_is_told_the_same_whoever_it_names(page, ada, path, amount):
    def answers(**said):
        begun = page.post(path, json=INTENT | {"amount": amount} | said)
        payment = begun.json().get("payment_intent") or begun.json()
        return told(begun), told(confirm(page, payment))

    nobody = "cus_" + "0" * 26
    by_id = [answers(customer_id=name) for name in ("usr_ada", "usr_9", ada, nobody, "cus_xyz")]
    by_address = [answers(customer_id=name) for name in ("ada@example.com", "kofi@example.com")]
    by_number = [answers(phone=phone) for phone in ("+233501234567", "+233209999999")]

    assert len({str(each) for each in [*by_id, *by_address, *by_number]}) == 1
    assert by_id[0][0][0] == 201


def test_a_visitor_is_told_the_same_whoever_they_say_they_are(client, stranger, ada):  # noqa: ARG001 (is registered)
    link = client.post("/v1/payment-links", json=LINK).json()
    own = client.post("/v1/payment-links", json=LINK | {"customer_id": "usr_ada"}).json()

    def answers(link, **said):
        begun = stranger.post(f"/v1/pay/{link['code']}/pay", json=said)
        return told(begun), told(confirm(stranger, begun.json()))

    said = [{"email": "ada@example.com"}, {"email": "kofi@example.com"}]
    said += [{"phone": "+233501234567"}, {"phone": "+233209999999"}, {}]
    both = {str(answers(link, **each)).replace(link["id"], "pl") for each in said}
    both |= {str(answers(own, **each)).replace(own["id"], "pl") for each in said}

    assert len(both) == 1


def test_a_checkout_key_takes_no_external_id(client, page):
    for path in ("/v1/payments/intents", "/v1/checkout/sessions"):
        page.post(path, json=INTENT | {"amount": 4000, "customer_id": "usr_9"})

    assert client.get("/v1/customers").json()["customers"] == []
    assert client.post("/v1/customers", json={"external_id": "usr_9"}).status_code == 201


def test_who_is_named_by_the_merchants_own_id_has_paid(client, page, ada):
    begun = page.post("/v1/payments/intents", json=INTENT | {"customer_id": "usr_ada"}).json()

    assert begun["customer_id"] is None
    assert client.get(f"/v1/payments/{begun['id']}").json()["customer_id"] == ada


def test_what_somebody_said_stands_with_their_payment(client, merchant, page, stranger):
    link = client.post("/v1/payment-links", json=LINK | {"currency": "EUR"}).json()
    said = {"email": "ada@example.com", "phone": "06 12 34 56 78", "name": "Ada"}
    by_link = stranger.post(f"/v1/pay/{link['code']}/pay", json=said).json()
    on_the_page = page.post(
        "/v1/payments/intents", json=INTENT | {"customer_id": "ada@example.com"}
    ).json()
    by_server = client.post(
        "/v1/payments/intents", json={"amount": 1, "currency": "EUR", "phone": "06 12 34 56 78"}
    ).json()
    silent = client.post("/v1/payments/intents", json=INTENT).json()
    body = {"name": "reads", "scopes": ["payments:read"]}
    key = client.post("/v1/api-keys", json=body).json()["raw"]

    def payer(payment, caller=client):
        return caller.get(f"/v1/payments/{payment['id']}").json()["payer"]

    nothing = {"email": None, "phone": None, "name": None, "network": None}
    assert payer(by_link) == nothing | said
    assert payer(on_the_page) == nothing | {"email": "ada@example.com"}
    assert payer(by_server) == nothing | {"phone": "06 12 34 56 78"}
    assert payer(silent) is None
    with merchant.client(key) as blind:
        assert payer(by_link, blind) is None


def test_whose_mobile_money_somebody_has_stands_with_their_payment(client, page, stranger, ada):
    link = client.post("/v1/payment-links", json=LINK).json()
    said = {"method": "momo", "phone": "024 123 4567", "network": "M T N"}
    hers = {"customer_id": ada, "phone": ADA["phone"], "network": "telecel"}
    by_link, by_intent = f"/v1/pay/{link['code']}/pay", "/v1/payments/intents"
    by_session = "/v1/checkout/sessions"

    begun = [
        stranger.post(by_link, json=said).json(),
        stranger.post(by_link, json={"network": "Sika"}).json(),
        page.post(by_intent, json=INTENT | said).json(),
        client.post(by_intent, json=INTENT | said).json(),
        client.post(by_intent, json=INTENT | hers).json(),
        page.post(by_session, json=INTENT | said).json()["payment_intent"],
    ]

    def payer(payment):
        return client.get(f"/v1/payments/{payment['id']}").json()["payer"]

    nothing = {"email": None, "phone": None, "name": None}
    wallet = nothing | {"phone": "+233241234567", "network": "mtn"}
    sika, telecel = (nothing | {"network": each} for each in ("Sika", "telecel"))
    assert [payer(each) for each in begun] == [wallet, sika, wallet, wallet, telecel, wallet]
    assert [each for each in begun if "network" in each] == []


def test_the_word_of_a_server_makes_no_customer_of_a_number(client):
    paid = client.post(
        "/v1/payments/intents", json=INTENT | {"amount": 4000, "phone": "0501234567"}
    ).json()

    assert (paid["status"], paid["customer_id"]) == ("succeeded", None)
    assert client.get("/v1/customers").json()["customers"] == []


@pytest.mark.parametrize("path", ["/v1/payments/intents", "/v1/checkout/sessions"])
def test_a_number_nobody_can_have_is_refused(client, page, path):
    for caller in (client, page):
        answer = caller.post(path, json=INTENT | {"phone": "call me"})
        refused = answer.json()
        assert (answer.status_code, refused["code"]) == (400, "validation_error")
        assert refused["details"]["field"] == "phone"
        assert "for example +233" in refused["message"]


def chosen(page):
    return re.findall(r'<option value="([A-Z]*)" selected>', page.text)


def test_the_page_asks_for_the_country_and_believes_it(client, stranger):
    euros = client.post("/v1/payment-links", json=LINK | {"currency": "EUR"}).json()
    cedis = client.post("/v1/payment-links", json=LINK).json()
    here = client.post("/v1/payment-links", json=LINK | {"country": "BJ"}).json()
    shown = stranger.get(f"/pay/{euros['code']}")

    assert '<label for="country">Country' in shown.text
    assert '<option value="BJ">Benin</option>' in shown.text
    assert chosen(shown) == []
    assert chosen(stranger.get(f"/pay/{cedis['code']}")) == ["GH"]
    assert chosen(stranger.get(f"/pay/{here['code']}")) == ["BJ"]
    client.patch("/v1/organization", json={"country": "SN"})
    assert chosen(stranger.get(f"/pay/{euros['code']}")) == ["SN"]
    assert chosen(stranger.get(f"/pay/{here['code']}")) == ["BJ"]

    form = {"email": "ada@example.com", "phone": "06 12 34 56 78", "country": "FR"}
    begun = stranger.post(f"/pay/{euros['code']}", data=form)

    assert begun.status_code == 303
    [payment] = client.get("/v1/payments").json()
    assert payment["country"] == "FR"
    said = client.get(f"/v1/payments/{payment['id']}").json()["payer"]
    assert said["phone"] == "+33612345678"


def test_the_page_says_in_words_what_is_wrong_with_a_number(client, stranger):
    link = client.post("/v1/payment-links", json=LINK).json()

    form = {"email": "ada@example.com", "phone": "call me", "country": "FR"}
    answer = stranger.post(f"/pay/{link['code']}", data=form)

    assert answer.status_code == 400
    assert "is not a possible phone number" in answer.text
    assert 'value="call me"' in answer.text
    assert chosen(answer) == ["FR"]
    assert client.get("/v1/payments").json() == []
