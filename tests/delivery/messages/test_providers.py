"""Providers: what each is sent, and what becomes of what it answers."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import parse_qs

import orjson
import pytest
from mail_server import mail_server
from receiver import Answers, Resets, receiving
from structlog.testing import capture_logs

from delivery.http_client import HttpClient
from delivery.messages.channels import Notification, Sms
from delivery.messages.emails import Email
from delivery.messages.providers import BadIntegration, Senders, check_integration

SMS = Sms(to="+233201234567", text='You paid "5" & more\n', key="exe_1.0")
NOTIFICATION = Notification(text="Ama paid", key="exe_1.1")
EMAIL = Email(
    to="ama@example.com",
    subject="Paid",
    text="You paid\n",
    html="<p>You paid</p>",
    key="exe_1.2",
    at=datetime(2026, 11, 28, tzinfo=UTC),
)
SMTP = {"host": "mail.example", "from": "Kente Shop <hi@shop.example>"}


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


def send(provider, config, credentials, message, *, mode="test"):
    async def work():
        async with HttpClient() as client:
            return await Senders(client).send(provider, config, credentials, message, mode=mode)

    return asyncio.run(work())


def africas_talking(receiver, said, *, status=201, mode="test"):
    receiver.behave = lambda _request: Answers(status, body=orjson.dumps(said))
    config = {"username": "kente", "from": "KENTE", "url": receiver.url}
    return send("africastalking", config, {"api_key": "atsk_secret"}, SMS, mode=mode)


def judged(code, **said):
    recipient = {"statusCode": code, "number": SMS.to, "status": "A word", **said}
    return {"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [recipient]}}


def test_a_text_message_leaves_through_africas_talking(receiver):
    said = judged(101, cost="GHS 0.0320", messageId="ATPid_1")

    result = africas_talking(receiver, said)

    assert (result.status, result.cost, result.reference) == ("sent", "GHS 0.0320", "ATPid_1")
    [request] = receiver.received
    assert request.headers["apikey"] == "atsk_secret"
    assert parse_qs(request.body.decode()) == {
        "username": ["kente"],
        "to": [SMS.to],
        "message": [SMS.text],
        "from": ["KENTE"],
        "enqueue": ["1"],
    }


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (judged(102), "sent"),
        (judged(403), "failed"),
        (judged(406), "failed"),
        (judged(405), "later"),
        (judged(501), "later"),
        ({"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}, "later"),
        (["no", "object"], "failed"),
    ],
)
def test_what_africas_talking_says_of_a_recipient_is_judged(receiver, said, status):
    assert africas_talking(receiver, said).status == status


def test_a_text_message_of_which_nobody_knows_is_not_sent_twice(receiver):
    receiver.behave = lambda _request: Resets()
    config = {"username": "kente", "url": receiver.url}

    result = send("africastalking", config, {"api_key": "k"}, SMS)

    assert (result.status, result.may_have_arrived) == ("failed", True)


def test_nobody_at_home_has_got_nothing():
    with receiving() as gone:
        pass

    result = send("africastalking", {"username": "k", "url": gone.url}, {"api_key": "k"}, SMS)

    assert (result.status, result.may_have_arrived) == ("later", False)


def test_any_provider_is_described_by_a_template(receiver):
    receiver.behave = lambda _request: Answers(202, body=b'{"data": [{"id": 7}]}')
    config = {
        "url": receiver.url + "/v1/{{account}}/send?to={{to}}",
        "headers": {"Authorization": "Bearer {{token}}"},
        "body": {"content": {"text": "{{text}}"}, "parts": ["{{segments}}"], "flash": False},
        "reference": "data.0.id",
    }

    result = send("http", config, {"token": "secret-1", "account": "a/b"}, SMS)

    assert (result.status, result.reference) == ("sent", "7")
    [request] = receiver.received
    assert request.path == "/v1/a%2Fb/send?to=%2B233201234567"
    assert request.headers["authorization"] == "Bearer secret-1"
    assert request.headers["idempotency-key"] == "exe_1.0"
    assert orjson.loads(request.body) == {
        "content": {"text": SMS.text},
        "parts": ["1"],
        "flash": False,
    }


def test_any_provider_may_want_a_form(receiver):
    config = {"url": receiver.url, "format": "form", "body": {"To": "{{to}}", "Body": "{{text}}"}}

    send("http", config, {}, SMS)

    sent = parse_qs(receiver.received[0].body.decode())
    assert sent == {"To": [SMS.to], "Body": [SMS.text]}


def test_a_provider_without_a_template_is_sent_all_that_a_message_says(receiver):
    send("webhook", {"url": receiver.url}, {"unused": "secret"}, SMS)

    sent = orjson.loads(receiver.received[0].body)
    assert sent == {"to": SMS.to, "text": SMS.text, "key": "exe_1.0", "segments": "1"}


def test_a_developer_needs_no_provider():
    with capture_logs() as logged:
        results = [send("console", {}, {}, each, mode="test") for each in (EMAIL, SMS)]
        refused = send("console", {}, {}, SMS, mode="live")

    assert [each.status for each in results] == ["sent", "sent"]
    assert [(each["to"], each["text"]) for each in logged] == [
        ("ama@example.com", "You paid\n"),
        (SMS.to, SMS.text),
    ]
    assert (refused.status, refused.error) == ("failed", "the console is for test mode")


def test_an_email_may_leave_over_http_as_well(receiver):
    body = {"To": "{{to}}", "Subject": "{{subject}}", "HtmlBody": "{{html}}", "Text": "{{text}}"}

    result = send("http", {"url": receiver.url, "body": body}, {}, EMAIL)

    assert result.status == "sent"
    assert orjson.loads(receiver.received[0].body)["HtmlBody"] == "<p>You paid</p>"


def test_a_value_is_no_header_and_no_secret_is_told_back(receiver):
    receiver.behave = lambda request: Answers(401, body=request.headers["x-key"].encode())
    config = {"url": receiver.url, "headers": {"X-Key": "{{key_of_mine}}", "X-Text": "{{text}}"}}

    result = send("http", config, {"key_of_mine": "very-secret"}, SMS)

    assert result.response == "401 •••"
    assert result.error == "it does not accept the key, the user name or the password"
    assert receiver.received[0].headers["x-text"] == 'You paid "5" & more'


@pytest.mark.parametrize(
    ("answer", "status", "retry_after"),
    [
        (Answers(200), "sent", None),
        (Answers(429, {"Retry-After": "30"}), "later", 30),
        (Answers(503, {"Retry-After": "soon"}), "later", None),
        (Answers(500), "later", None),
        (Answers(401), "later", None),
        (Answers(302, {"Location": "http://127.0.0.1:1/"}), "later", None),
        (Answers(400), "failed", None),
        (Answers(422), "failed", None),
    ],
)
def test_an_answer_is_judged_by_its_status(receiver, answer, status, retry_after):
    receiver.behave = lambda _request: answer

    result = send("slack", {}, {"url": receiver.url}, NOTIFICATION)

    assert (result.status, result.retry_after) == (status, retry_after)
    assert len(receiver.received) == 1


def test_a_notification_is_what_slack_reads(receiver):
    send("slack", {"channel": "#paid"}, {"url": receiver.url + "/T1/B1"}, NOTIFICATION)

    [request] = receiver.received
    assert request.path == "/T1/B1"
    assert orjson.loads(request.body) == {"text": "Ama paid", "channel": "#paid"}


def test_a_notification_may_come_twice_rather_than_never(receiver):
    receiver.behave = lambda _request: Resets()

    result = send("slack", {}, {"url": receiver.url}, NOTIFICATION)

    assert (result.status, result.may_have_arrived) == ("later", True)


def test_nothing_leaves_for_inside_the_house(receiver):
    result = send("slack", {}, {"url": receiver.url}, NOTIFICATION, mode="live")

    assert result.status == "later"
    assert "not a public address" in result.error
    assert receiver.received == []


def test_an_email_leaves_through_its_provider():
    with mail_server() as server:
        config = SMTP | {"host": "127.0.0.1", "port": server.port, "tls": "none"}
        result = send("smtp", config, {}, EMAIL)

    assert result.status == "sent"
    assert server.handed[0].message["From"] == "Kente Shop <hi@shop.example>"


def test_settings_nobody_can_send_with_are_said_and_not_raised():
    result = send("smtp", {"host": "mail.example"}, {}, EMAIL)

    assert result.status == "later"
    assert "config.from: Field required" in result.error


@pytest.mark.parametrize(
    ("type_", "provider", "config", "credentials", "field"),
    [
        ("email", "sendgrid", {}, {}, "provider"),
        ("sms", "smtp", {}, {}, "provider"),
        ("sms", "console", {}, {}, "provider"),
        ("email", "smtp", {"host": "mail.example"}, {}, "config.from"),
        ("email", "smtp", SMTP | {"from": "Ama"}, {}, "config.from"),
        ("email", "smtp", SMTP | {"port": 0}, {}, "config.port"),
        ("email", "smtp", SMTP | {"host": "0x7f.1"}, {}, "config.host"),
        ("email", "smtp", SMTP | {"host": "[::1]"}, {}, "config.host"),
        ("email", "smtp", SMTP | {"host": "::1"}, {}, "config.host"),
        ("email", "smtp", SMTP | {"tls": "ssl"}, {}, "config.tls"),
        ("email", "smtp", SMTP | {"hosts": "x"}, {}, "config.hosts"),
        ("email", "smtp", SMTP | {"tls": "none", "username": "a"}, {"password": "b"}, "config.tls"),
        ("email", "smtp", SMTP, {"password": "b"}, "config.username"),
        ("sms", "africastalking", {"username": "kente"}, {}, "credentials.api_key"),
        ("sms", "http", {"url": "http://sms.example/"}, {}, "config.url"),
        ("sms", "http", {"url": "https://10.0.0.1/"}, {}, "config.url"),
        (
            "sms",
            "http",
            {"url": "https://a.example", "headers": {"A\nB": ""}},
            {},
            "config.headers",
        ),
        ("sms", "http", {"url": "https://a.example", "body": {"x": "{{txt}}"}}, {}, "config"),
        ("notification", "slack", {}, {"url": "https://localhost/"}, "credentials.url"),
        ("notification", "slack", {"url": "https://a.example"}, {}, "config.url"),
    ],
)
def test_settings_nobody_can_send_with_are_refused(type_, provider, config, credentials, field):
    with pytest.raises(BadIntegration) as refused:
        check_integration(type_, provider, config, credentials, mode="live")

    assert refused.value.details["field"] == field


def test_settings_that_are_enough_are_enough():
    secret = {"password": "b"}

    check_integration("email", "smtp", SMTP | {"username": "a"}, secret, mode="live")
    check_integration("notification", "slack", {}, {"url": "https://h.example/x"}, mode="live")
