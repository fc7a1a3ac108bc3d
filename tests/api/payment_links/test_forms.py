"""The form of a pay page: what it asks for, and how it says what is wrong."""

import re

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

GIFT = {
    "name": "Gift",
    "currency": "GHS",
    "allow_custom_amount": True,
    "min_amount": 500,
    "max_amount": 100000,
    "custom_fields": [
        {
            "name": "size",
            "label": "Your size",
            "type": "select",
            "options": ["S"],
            "required": True,
        },
        {"name": "age", "label": "Your age", "type": "number"},
        {"name": "day", "label": "The day", "type": "date"},
        {"name": "terms", "label": "I agree", "type": "checkbox", "required": True},
    ],
}
LIKE = "like 023 123 4567"
WALLET = {"method": "mobile_money", "phone": "024 123 4567", "country": "GH", "network": "mtn"}


@pytest.fixture
def send(client, stranger):
    """Sends a form to a new link; the page that follows."""

    def send(form, **terms):
        link = client.post("/v1/payment-links", json=GIFT | {"custom_fields": []} | terms).json()
        return stranger.post(f"/pay/{link['code']}", data={"amount": "20"} | form)

    return send


def problems(page):
    """What is said below each field, by the id of the field it is said of."""
    told = re.findall(r'<p class="problem" id="(\w+)_problem">.*?</svg>([^<]+)</p>', page.text)
    return {field: words.replace("\N{NO-BREAK SPACE}", " ") for field, words in told}


def shown(html):
    """Without what waits for another country to be chosen."""
    chosen = re.sub(r"<fieldset [^>]* hidden .*?</fieldset>", "", html, flags=re.DOTALL)
    return re.sub(r"<input [^>]* hidden>", "", chosen)


@on_both_databases
def test_all_that_is_wrong_is_said_at_once_beside_its_field_and_in_words(client, send):
    form = {
        "amount": "4.99",
        "method": "mobile_money",
        "email": "ada at example",
        "name": "A" * 256,
        "custom_age": "ten",
        "custom_day": "tomorrow",
    }

    page = send(form, custom_fields=GIFT["custom_fields"])

    assert page.status_code == 400
    assert problems(page) == {
        "amount": "Enter at least GHS 5.00",
        "network": "Choose your network",
        "phone": "Enter the number you pay from",
        "email": "Enter an email address, like ama@example.com",
        "name": "Use no more than 255 characters",
        "custom_size": "Choose one",
        "custom_age": "Enter a number in digits, like 12 or 1.5",
        "custom_day": "Enter a date like 2026-11-28",
        "custom_terms": "Tick this to go on",
    }
    assert "9 answers need another look. Nothing was paid." in page.text
    for field in problems(page):
        described = re.search(rf'aria-describedby="[^"]*\b{field}_problem"[^>]*', page.text)
        assert 'aria-invalid="true"' in described[0]
    assert page.text.count(" autofocus") == 1
    assert re.search(r'<input id="amount"[^>]* autofocus', page.text)
    for typed in ("4.99", "ada at example", "A" * 256, "ten", "tomorrow"):
        assert f'value="{typed}"' in page.text
    assert client.get("/v1/payments").json() == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter how much you want to pay"),
        ("4.99", "Enter at least GHS 5.00"),
        ("1,000.01", "Enter no more than GHS 1,000.00"),
        ("ten", "This is not an amount in GHS: write it like 1234.50"),
        ("1.500", "“1.500” can be read in two ways: choose what you mean"),
    ],
)
def test_what_is_wrong_with_an_amount_is_said_in_words(send, typed, words):
    page = send({"amount": typed, "email": "ada@example.com"})

    assert problems(page) == {"amount": words}


@on_both_databases
def test_mobile_money_is_asked_for_its_number_and_its_network(client, send):
    begun = send(WALLET)

    [payment] = client.get("/v1/payments").json()
    payer = client.get(f"/v1/payments/{payment['id']}").json()["payer"]
    assert begun.status_code == 303
    assert payment["method"] == "mobile_money"
    assert payer == {"email": None, "name": None, "phone": "+233241234567", "network": "mtn"}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"network": ""}, {}),
        ({"network": "", "phone": "028 123 4567"}, {"network": "Choose your network"}),
        ({"phone": " "}, {"phone": "Enter the number you pay from"}),
        ({"phone": "call"}, {"phone": f"This is not a possible phone number: write it {LIKE}"}),
        ({"phone": "024 123"}, {"phone": f"Check the number: it should look {LIKE}"}),
        ({"phone": "0712 345678", "country": "KE"}, {"network": "Choose your network"}),
        ({"phone": "0712 345678", "country": "KE", "network": "mpesa"}, {}),
        ({"phone": "+254 712 345678"}, {"network": "Choose your network"}),
        ({"phone": "+254 712 345678", "network": ""}, {}),
        ({"phone": "+225 07 07 12 34 56", "network": ""}, {"network": "Choose your network"}),
        ({"network": "another"}, {}),
        ({"method": "ussd", "network": ""}, {}),
        ({"method": "ussd", "phone": ""}, {"phone": "Enter the number you pay from"}),
        ({"method": "card"}, {"email": "Enter your email address"}),
        ({"method": "card", "phone": "", "email": "ada@example.com"}, {}),
        ({"method": "cheque", "email": "ada@example.com"}, {"method": "Choose how to pay"}),
        ({"country": "Ghana"}, {"country": "Choose a country from the list"}),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_payer_must_say_follows_from_how_they_pay(send, said, wrong):
    page = send(WALLET | said)

    assert problems(page) == wrong
    assert page.status_code == (400 if wrong else 303)


@pytest.mark.parametrize(
    ("terms", "methods", "networks"),
    [
        ({"currency": "KES"}, ["mobile_money", "card"], ["mpesa", "airtel", "another"]),
        ({"country": "TZ"}, ["mobile_money"], ["mpesa", "mixx", "airtel", "halopesa", "another"]),
        ({"currency": "USD", "country": "US"}, ["card", "bank_transfer"], []),
    ],
)
def test_payers_are_offered_what_there_is_where_they_are(
    client, stranger, terms, methods, networks
):
    link = client.post("/v1/payment-links", json=GIFT | terms).json()

    page = shown(stranger.get(f"/pay/{link['code']}").text)

    offered = re.findall(r'name="method" value="(\w+)"( checked)?', page)
    assert [method for method, _ in offered][: len(methods)] == methods
    assert [method for method, checked in offered if checked] == methods[:1]
    assert re.findall(r'name="network" value="(\w+)"', page) == networks


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"country": ""}, {"country": "Choose the country of the number"}),
        ({"country": "BJ"}, {}),
        ({"country": "", "phone": "+229 01 97 12 34 56"}, {}),
    ],
)
def test_a_number_of_a_currency_of_many_countries_is_asked_where_it_is_from(send, said, wrong):
    page = send(WALLET | {"phone": "01 97 12 34 56", "amount": "900"} | said, currency="XOF")

    assert problems(page) == wrong


def test_the_networks_of_another_country_are_shown_once_it_was_sent(send):
    page = send(WALLET | {"country": "KE", "phone": "0712 345678"})

    networks = re.findall(r'name="network" value="(\w+)"( checked)?', page.text)
    assert networks == [("mpesa", ""), ("airtel", ""), ("another", "")]


def test_whoever_is_known_finds_the_form_filled_in(client, stranger):
    ada = {"external_id": "usr_1", "email": "ada@example.com", "phone": "+233241234567"}
    client.post("/v1/customers", json=ada)
    link = client.post("/v1/payment-links", json=GIFT | {"customer_id": "usr_1"}).json()

    page = stranger.get(f"/pay/{link['code']}").text

    assert 'value="ada@example.com"' in page
    assert 'value="+233241234567"' in page
    assert re.search(r'<input id="name"[^>]* value=""', page)


def test_terms_that_change_while_somebody_types_are_no_riddle(client, stranger):
    link = client.post("/v1/payment-links", json=GIFT | {"custom_fields": []}).json()
    form = {"amount": "20", "email": "ada@example.com", "nonce": "n"}
    client.patch(f"/v1/payment-links/{link['id']}", json={"min_amount": 5000})

    page = stranger.post(f"/pay/{link['code']}", data=form)

    assert problems(page) == {"amount": "Enter at least GHS 50.00"}
