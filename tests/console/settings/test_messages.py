"""Templates, integrations and suppressions on pages: made, tried, changed by whom, and removed."""

import html

import pytest
from console_people import add_person, signed_in_as
from money_console import HOSTILE, filled_in, made, read, send

TEMPLATES = "/console/settings/templates"
INTEGRATIONS = "/console/settings/integrations"
SUPPRESSIONS = "/console/settings/suppressions"
THANKS = {"type": "email", "name": "Thanks", "subject": "Thank you", "body": "We have {{ money }}."}
MAIL = {
    "name": "Our mail server",
    "host": "smtp.shop.example",
    "port": "465",
    "from": "hello@shop.example",
    "username": "hello",
    "password": "a very secret word",
}

# An integration of each kind, with all that can be set.
PRICE = {"price_per_segment": 0.05, "price_currency": "GHS"}
OVER_HTTP = {
    "url": "https://sms.example/send?to={{to}}",
    "method": "PUT",
    "format": "form",
    "headers": {"Authorization": "Bearer {{ token }}", "X-Sender": "a: b"},
    "body": {"to": "{{ to }}", "text": "{{ text }}", "more": {"deep": [1, 2.5, None]}},
    "reference": "data.id",
    **PRICE,
}
WITH_ALL_OF_IT = [
    ("sms", "http", OVER_HTTP, {"token": "x"}),
    ("sms", "webhook", OVER_HTTP, {"token": "x"}),
    ("email", "http", OVER_HTTP | {"method": "POST", "format": "json"}, {"token": "x"}),
    (
        "sms",
        "africastalking",
        {"username": "us", "from": "KENTE", "url": "https://at.example/messaging", **PRICE},
        {"api_key": "x"},
    ),
    (
        "email",
        "smtp",
        {
            "host": "smtp.shop.example",
            "port": 587,
            "tls": "starttls",
            "from": "Kente Shop <hello@shop.example>",
            "reply_to": "answers@shop.example",
            "username": "hello",
        },
        {"password": "x"},
    ),
    (
        "notification",
        "slack",
        {"channel": "#money", "from": "Whence"},
        {"url": "https://hooks.slack.example/x"},
    ),
    ("delivery", "webhook", {"url": "https://shop.example/hooks"}, {}),
]


@pytest.fixture
def template(client):
    return made(client, "/v1/workflows/templates", **THANKS)


def test_a_template_is_written_with_how_it_reads_beside_it(console, client):
    shown = console.post(f"{TEMPLATES}/preview", data=THANKS).text
    assert "We have GHS" in shown.replace("\N{NO-BREAK SPACE}", " ")
    assert "Written with examples." in shown

    status, place = send(console, f"{TEMPLATES}/new", **THANKS)

    assert status == 303
    known = client.get(f"/v1/workflows/templates/{place.rpartition('/')[2]}").json()
    assert {name: known[name] for name in THANKS} == THANKS
    assert "Thank you" in read(console, TEMPLATES)


def test_a_variable_that_nobody_knows_is_said_beside_the_words(console):
    wrong = THANKS | {"body": "{{ nonsense }}"}

    tried = console.post(f"{TEMPLATES}/preview", data=wrong)
    sent = console.post(f"{TEMPLATES}/new", data=wrong)

    assert (tried.status_code, sent.status_code) == (200, 400)
    assert "nonsense" in tried.text.partition('id="preview"')[2]
    assert 'id="f-body-error"' in sent.text


def test_what_is_to_be_written_instead_is_said_as_it_is_written(console):
    sent = console.post(f"{TEMPLATES}/new", data=THANKS | {"body": "{{ customer.name }}"})

    assert "write 'customer_name', not 'customer.name'" in html.unescape(sent.text)


def test_each_version_says_who_changed_what(console, client, template, merchant):
    add_person(merchant, "kofi@shop.example", "owner", "Kofi Boateng")
    page = f"{TEMPLATES}/{template['id']}"
    with signed_in_as(merchant, "kofi@shop.example") as browser:
        send(browser, f"{page}/edit", **THANKS | {"subject": HOSTILE})

        shown = read(browser, page)

    assert "Changed: subject" in shown
    assert "by Kofi Boateng" in shown
    assert HOSTILE in shown
    assert "Thank you" in read(console, f"{page}?version=1")
    assert client.get(f"/v1/workflows/templates/{template['id']}").json()["version"] == 2


def test_a_template_is_removed_by_its_name(console, client, template):
    page = f"{TEMPLATES}/{template['id']}"

    assert console.post(f"{page}/remove", data={"typed": "other"}).status_code == 422
    assert console.post(f"{page}/remove", data={"typed": "Thanks"}).status_code == 303
    assert client.get(f"/v1/workflows/templates/{template['id']}").status_code == 404


def test_an_integration_is_made_and_its_secret_shown_on_no_page(console, client):
    assert "smtp" in console.get(f"{INTEGRATIONS}/new").text
    status, place = send(console, f"{INTEGRATIONS}/new/email/smtp", **MAIL)

    assert status == 303
    known = client.get(f"/v1/workflows/integrations/{place.rpartition('/')[2]}").json()
    assert known["config"] == {
        "host": "smtp.shop.example",
        "port": 465,
        "from": "hello@shop.example",
        "username": "hello",
    }
    assert known["has_credentials"]
    for shown in (place, f"{place}/edit", INTEGRATIONS):
        assert MAIL["password"] not in console.get(shown).text
    assert "Sealed; nobody is shown them" in read(console, place)


def test_a_secret_that_is_left_empty_stays_as_it_is(console, client):
    _, place = send(console, f"{INTEGRATIONS}/new/email/smtp", **MAIL)

    send(console, f"{place}/edit", **MAIL | {"password": "", "host": "mail.shop.example"})

    known = client.get(f"/v1/workflows/integrations/{place.rpartition('/')[2]}").json()
    assert known["config"]["host"] == "mail.shop.example"
    assert known["has_credentials"]
    assert "Changed: settings" in read(console, place)


@pytest.mark.parametrize(("type_", "provider", "config", "credentials"), WITH_ALL_OF_IT)
def test_another_name_leaves_all_settings_as_they_are(
    console, client, type_, provider, config, credentials
):
    said = {"type": type_, "provider": provider, "config": config, "credentials": credentials}
    before = made(client, "/v1/workflows/integrations", **said)
    place = f"{INTEGRATIONS}/{before['id']}"

    form = filled_in(console, f"{place}/edit")
    renamed = console.post(f"{place}/edit", data=form | {"name": "Another name"})

    assert renamed.status_code == 303
    after = client.get(f"/v1/workflows/integrations/{before['id']}").json()
    assert after["config"] == before["config"]
    assert (after["name"], after["has_credentials"]) == ("Another name", bool(credentials))
    history = client.get(f"/v1/workflows/integrations/{before['id']}/history").json()["history"]
    assert history[0]["changed"] == ["name"]


def test_each_setting_is_changed_by_itself(console, client):
    said = {"type": "sms", "provider": "http", "config": OVER_HTTP, "credentials": {"token": "x"}}
    before = made(client, "/v1/workflows/integrations", **said)
    place = f"{INTEGRATIONS}/{before['id']}"

    form = filled_in(console, f"{place}/edit")
    console.post(f"{place}/edit", data=form | {"method": "", "format": "", "reference": "id"})

    after = client.get(f"/v1/workflows/integrations/{before['id']}").json()["config"]
    kept = {name: OVER_HTTP[name] for name in OVER_HTTP if name not in ("method", "format")}
    assert after == kept | {"reference": "id"}


def test_what_is_wrong_with_an_integration_is_said_beside_its_field(console):
    wrong = console.post(
        f"{INTEGRATIONS}/new/email/smtp", data=MAIL | {"port": "many", "host": "smtp shop"}
    )

    assert wrong.status_code == 400
    assert 'id="f-host-error"' in wrong.text
    assert MAIL["password"] not in wrong.text


def test_what_only_writes_into_the_log_is_for_test_mode(console, merchant):
    add_person(merchant, "kofi@shop.example", "owner")
    with signed_in_as(merchant, "kofi@shop.example", mode="live") as browser:
        assert "/new/email/console" not in browser.get(f"{INTEGRATIONS}/new").text
    assert send(console, f"{INTEGRATIONS}/new/sms/console")[0] == 303


def test_an_integration_is_switched_off_and_made_the_usual_one_and_removed(console, client):
    first, second = (
        made(client, "/v1/workflows/integrations", type="email", provider="console", name=name)
        for name in ("first", "second")
    )
    page = f"{INTEGRATIONS}/{second['id']}"

    console.post(f"{page}/switch", data={"status": "inactive"})
    assert "Switch on" in read(console, page)
    console.post(f"{page}/default")
    assert client.get(f"/v1/workflows/integrations/{second['id']}").json()["is_default"]
    assert (
        console.post(f"{INTEGRATIONS}/{first['id']}/remove", data={"typed": "x"}).status_code == 422
    )
    console.post(f"{INTEGRATIONS}/{first['id']}/remove", data={"typed": "first"})
    assert client.get(f"/v1/workflows/integrations/{first['id']}").status_code == 404


def test_who_is_not_written_to_stands_there_with_the_reason_until_somebody_says_why_not(
    console, client
):
    ama = made(client, "/v1/customers", name="Ama Mensah", email="ama@shop.example")["id"]
    said = {"channel": "email", "given": False, "reason": "wrote to us"}
    made(client, f"/v1/customers/{ama}/consents", **said)
    assert "wrote to us" in read(console, SUPPRESSIONS)
    assert "wrote to us" not in read(console, f"{SUPPRESSIONS}?channel=sms")
    lift = f"{SUPPRESSIONS}/{ama}/email"

    assert send(console, lift, reason="")[0] == 400
    status, place = send(console, lift, reason="asked for it by phone")

    assert (status, place) == (303, SUPPRESSIONS)
    [consent] = client.get(f"/v1/customers/{ama}/consents").json()["consents"]
    assert (consent["given"], consent["reason"]) == (True, "asked for it by phone")
    assert "Everybody may be written to" in read(console, SUPPRESSIONS)


def test_support_reads_all_of_it_and_changes_nothing(merchant, template):
    add_person(merchant, "efua@shop.example", "support")
    with signed_in_as(merchant, "efua@shop.example") as browser:
        for place in (TEMPLATES, f"{TEMPLATES}/{template['id']}", INTEGRATIONS, SUPPRESSIONS):
            assert "Remove" not in read(browser, place)
        assert browser.post(f"{TEMPLATES}/new", data=THANKS).status_code == 403


def test_an_integration_is_tried_out_and_what_came_of_it_is_said(console, client):
    integration = made(client, "/v1/workflows/integrations", type="email", provider="console")
    page = f"{INTEGRATIONS}/{integration['id']}"

    tried = console.post(f"{page}/try", data={"to": "ama@shop.example"}).text
    wrong = console.post(f"{page}/try", data={"to": "ama"})

    assert "Send a test message" in console.get(page).text
    assert "It has left." in tried
    assert "Tried out" in read(console, page)
    assert wrong.status_code == 400
    assert 'id="f-to-error"' in wrong.text
