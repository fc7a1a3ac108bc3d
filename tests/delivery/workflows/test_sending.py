"""What workflows send, as real servers get it: to whom they may, under one name, in their words."""

import json
from datetime import timedelta

import pytest
from mail_server import mail_server
from receiver import Answers, receiving
from reevit.webhooks import construct_event

from api.resources.event_data import data_of
from commands.consents import StateConsent, state_consent
from commands.customers import CreateCustomer, create_customer
from commands.integrations import (
    CreateIntegration,
    UpdateIntegration,
    create_integration,
    update_integration,
)
from commands.message_templates import (
    CreateTemplate,
    UpdateTemplate,
    create_template,
    remove_template,
    update_template,
)
from commands.payments import ConfirmPayment, CreatePayment, confirm_payment, create_payment
from commands.receipts import send_receipt_again
from commands.workflow_rules import (
    CreateWorkflow,
    create_workflow,
    list_workflows,
    remove_workflow,
)
from delivery.http_client import HttpClient
from delivery.messages.providers import Senders
from delivery.workflows.calling import Calling
from delivery.workflows.sending import Sending
from delivery.workflows.writing import Writing

pytestmark = pytest.mark.anyio
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
WORDS = {"subject": "Thank you, {{ customer_name }}", "body": "We received {{ money }}."}


@pytest.fixture
def mails():
    with mail_server() as server:
        yield server


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
async def workflows(ledger, handler, new_parts, anyio_backend):  # noqa: ARG001 (there first)
    async with HttpClient() as client:
        writing = Writing(
            ledger,
            handler.load_recent,
            unsubscribe_url=lambda *who: f"https://pay.example/unsubscribe/{who[1]}",
        )
        sending = Sending(handler, Senders(client), writing)
        yield new_parts(webhook=Calling(handler, client, data_of).call, **sending.actions)


@pytest.fixture
def mail(do, mails):
    """The organization's mail server; without the receipts that come with it."""

    async def mail(*, receipts=False, **more):
        config = {"host": "127.0.0.1", "port": mails.port, "tls": "none", "from": "hi@shop.example"}
        said = {"type": "email", "provider": "smtp", "config": config}
        integration = await do(create_integration, CreateIntegration.model_validate(said | more))
        for each in await do(list_workflows):
            if not receipts and each.name == "Receipts by email":
                await do(remove_workflow, each.id)
        return integration

    return mail


@pytest.fixture
def rule(do):
    async def rule(*actions, **said):
        usual = {"name": "Thanks", "trigger": "payment.success", "actions": actions}
        return await do(create_workflow, CreateWorkflow.model_validate(usual | said))

    return rule


@pytest.fixture
def paid(do):
    """Somebody pays: ``await paid(name="Ama", email="ama@x.example")``."""

    async def paid(**who):
        customer = await do(create_customer, CreateCustomer(**who))
        order = CreatePayment(amount=125050, currency="GHS", customer_id=customer.id)
        payment = await do(create_payment, order)
        await do(confirm_payment, payment.id, ConfirmPayment())
        return customer.id

    return paid


async def paid_by(do, customer_id):
    order = CreatePayment(amount=9900, currency="GHS", customer_id=customer_id)
    payment = await do(create_payment, order)
    await do(confirm_payment, payment.id, ConfirmPayment())
    return payment.id


def outcome(workflows, book):
    [execution] = workflows.executions(book)
    [step] = workflows.steps(execution)
    return step


async def test_an_email_is_written_with_the_template_of_its_version_and_its_name_stays(
    workflows, mails, mail, rule, paid, do, book
):
    integration = await mail()
    words = {"type": "email", "name": "Thanks", **WORDS}
    template = await do(create_template, CreateTemplate.model_validate(words))
    await do(update_template, template.id, UpdateTemplate(subject="Thanks, {{ customer_name }}"))
    await rule({"type": "send_email", "template_id": template.id})
    customer = await paid(name="Ama Mensah", email="ama@x.example")

    await workflows.work()

    [handed] = mails.handed
    assert handed.recipients == ["ama@x.example"]
    assert handed.message["Subject"] == "Thanks, Ama Mensah"
    assert "GHS" in handed.message.get_body(("plain",)).get_content()
    assert "1,250.50" in handed.message.get_body(("html",)).get_content()
    assert customer in handed.message["List-Unsubscribe"]
    step = outcome(workflows, book)
    assert (step.state, step.template_version, step.integration) == ("success", 2, integration.id)
    assert handed.message["Message-ID"].startswith(f"<exe_{step.rule[3:]}_{step.position}_0@")
    assert "ama@x.example" not in repr(step)


async def test_whoever_withdrew_consent_gets_only_what_is_transactional_and_no_spam_after_all(
    workflows, mails, mail, rule, paid, do
):
    await mail()
    await rule({"type": "email", "subject": "News", "message": "Read all about it."})
    await rule(
        {"type": "email", "subject": "Paid", "config": {"body": "It is.", "transactional": True}}
    )
    for reason in ("asked", "complained"):
        who = await paid(email=f"{reason}@x.example")
        said = StateConsent(channel="email", given=False, reason=reason)
        await do(state_consent, who, said)

    await workflows.work()

    assert [(each.recipients, each.message["Subject"]) for each in mails.handed] == [
        (["asked@x.example"], "Paid")
    ]
    assert mails.handed[0].message["List-Unsubscribe"] is None


async def test_a_receipt_of_a_workflow_of_one_s_own_is_transactional_too(
    workflows, mails, mail, rule, paid, do
):
    await mail()
    await rule({"type": "send_email", "config": {"receipt": True}})
    who = await paid(email="ama@x.example")
    await do(state_consent, who, StateConsent(channel="email", given=False, reason="asked"))

    await workflows.work()

    [receipt] = mails.handed
    assert receipt.message["Subject"].startswith("Your receipt")


@pytest.mark.parametrize(
    ("action", "who", "says"),
    [
        ({"type": "send_email"}, {}, "no email"),
        ({"type": "send_sms"}, {"email": "a@x.example"}, "no phone"),
        (
            {"type": "send_email", "config": {"requires_consent": True}},
            {"email": "a@x.example"},
            "not consented",
        ),
    ],
)
async def test_there_are_reasons_to_write_nothing(
    workflows, mail, mails, rule, paid, book, action, who, says
):
    await mail()
    await rule({**action, "config": {"subject": "Hi", "body": "Hi", **action.get("config", {})}})
    await paid(**who)

    await workflows.work()

    step = outcome(workflows, book)
    assert (step.state, says in step.error) == ("skipped", True), step.error
    assert mails.handed == []


async def test_without_an_integration_it_has_failed_and_says_what_is_missing(
    workflows, rule, paid, book
):
    await rule({"type": "send_email", "config": WORDS})
    await paid(email="ama@x.example")

    await workflows.work()

    step = outcome(workflows, book)
    assert (step.state, "no active integration" in step.error) == ("failed", True)


async def test_an_address_that_is_said_back_is_not_kept(
    workflows, mails, mail, receiver, rule, paid, book
):
    await mail()
    mails.refuses = {"ama@x.example": "550 5.1.1 <Ama@x.example>: no such mailbox"}
    receiver.behave = lambda request: Answers(422, body=request.body)
    await rule(
        {"type": "send_email", "config": WORDS},
        {"type": "webhook", "config": {"url": receiver.url}},
    )
    await paid(email="ama@x.example", phone="+233241234567")

    await workflows.work()

    [execution] = workflows.executions(book)
    refused, called = workflows.steps(execution)
    assert (refused.state, refused.response) == ("failed", "550 5.1.1 <•••>: no such mailbox")
    assert b"ama@x.example" in receiver.received[0].body
    assert (called.state, called.response[:5]) == ("failed", "422 {")
    kept = repr((execution, refused, called)).lower()
    assert "ama@x.example" not in kept
    assert "233241234567" not in kept


async def test_an_integration_that_is_named_is_meant_and_not_another(
    workflows, mails, mail, rule, paid, do, book
):
    await mail()
    other = await mail(name="Another")
    await rule({"type": "send_email", "config": WORDS, "integration_id": other.id})
    await do(update_integration, other.id, UpdateIntegration(status="inactive"))
    await paid(email="ama@x.example")

    await workflows.work()

    assert outcome(workflows, book).state == "failed"
    assert mails.handed == []


async def test_a_template_that_is_gone_sends_nothing(workflows, mails, mail, rule, paid, do, book):
    await mail()
    words = {"type": "email", "name": "Thanks", **WORDS}
    template = await do(create_template, CreateTemplate.model_validate(words))
    await rule({"type": "send_email", "template_id": template.id})
    await do(remove_template, template.id)
    await paid(email="ama@x.example")

    await workflows.work()

    assert "not there any more" in outcome(workflows, book).error
    assert mails.handed == []


async def test_a_shadow_sends_nothing_and_says_through_whom_it_would(
    workflows, mails, mail, rule, paid, book
):
    await mail(name="Our mail server")
    await rule({"type": "send_email", "config": WORDS}, shadow=True)
    await paid(email="ama@x.example")

    await workflows.work()

    step = outcome(workflows, book)
    assert (step.state, step.response) == ("success", "would send email through Our mail server")
    assert mails.handed == []


async def test_a_notification_is_written_to_its_secret_address(workflows, receiver, rule, paid, do):
    said = {"type": "notification", "provider": "slack"}
    secret = {"credentials": {"url": f"{receiver.url}/hooks/T1"}}
    await do(create_integration, CreateIntegration.model_validate(said | secret))
    await rule({"type": "slack", "message": "{{ money }} from {{ customer_name }}"})
    await paid(name="<!channel> Ama")

    await workflows.work()

    [received] = receiver.received
    assert received.path == "/hooks/T1"
    text = json.loads(received.body)["text"]
    assert (text.startswith("GHS"), "<!channel>" in text) == (True, False)


async def test_a_webhook_tells_the_event_and_is_signed_where_there_is_a_secret(
    workflows, receiver, rule, paid, do
):
    said = {"type": "delivery", "provider": "webhook", "config": {"url": f"{receiver.url}/hook"}}
    signed = said | {"credentials": {"signing_secret": SECRET}}
    integration = await do(create_integration, CreateIntegration.model_validate(signed))
    made = await rule({"type": "webhook", "integration_id": integration.id})
    customer = await paid(name="Ama")

    await workflows.work()

    [received] = receiver.received
    told = json.loads(received.body)
    assert (told["type"], told["data"]["customer"]["id"]) == ("payment.succeeded", customer)
    assert told["workflow"]["id"] == made.id
    signature = received.headers["x-reevit-signature"]
    assert received.headers["webhook-id"] == told["delivery_id"]
    assert construct_event_at(received.body, signature, told)["id"] == told["id"]


def construct_event_at(body, signature, told):
    """As the official client checks it, at the moment at which it was signed."""
    from datetime import datetime  # noqa: PLC0415

    now = datetime.fromisoformat(told["signature_timestamp"])
    return construct_event(body, signature, SECRET, now=now)


async def test_a_receiver_in_trouble_is_called_again_under_the_same_id(
    workflows, receiver, rule, paid, time, book
):
    receiver.behave = lambda _: Answers(503 if len(receiver.received) < 2 else 200)
    await rule({"type": "webhook", "config": {"url": f"{receiver.url}/hook"}})
    await paid(name="Ama")
    await workflows.work()
    assert outcome(workflows, book).state == "retrying"

    time.pass_by(minutes=2)
    await workflows.work()

    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert outcome(workflows, book).state == "success"


async def test_receipts_begin_with_the_first_integration_and_come_again_no_more(
    workflows, mails, mail, paid, do, book
):
    await paid(email="before@x.example")
    await mail(receipts=True)
    who = await paid(name="Ama", email="ama@x.example")
    await do(state_consent, who, StateConsent(channel="email", given=False, reason="asked"))
    await paid(name="Nobody")
    await workflows.work()

    [handed] = mails.handed
    assert handed.recipients == ["ama@x.example"]
    assert handed.message["Subject"].startswith("Your receipt from Kente Shop (")
    assert "1,250.50" in handed.message.get_body(("plain",)).get_content()
    assert [workflows.steps(each)[0].state for each in workflows.executions(book)] == [
        "success",
        "skipped",
    ]
    [rule] = await do(list_workflows)
    await do(remove_workflow, rule.id)
    await mail(receipts=True, name="Another")
    assert await do(list_workflows) == []


async def test_what_is_imported_is_history_and_sends_nothing(
    workflows, mails, mail, do, book, time
):
    await mail(receipts=True)
    customer = await do(create_customer, CreateCustomer(email="ama@x.example"))
    order = CreatePayment(
        amount=700,
        currency="GHS",
        customer_id=customer.id,
        occurred_at=time() - timedelta(days=400),
    )
    payment = await do(create_payment, order)
    confirmed = ConfirmPayment(occurred_at=time() - timedelta(days=400, seconds=-1))
    await do(confirm_payment, payment.id, confirmed)

    await workflows.work()

    assert (workflows.executions(book), mails.handed) == ([], [])


async def test_a_receipt_that_is_sent_again_is_the_same_and_says_that_it_is_a_copy(
    workflows, mails, mail, paid, do, book
):
    await mail(receipts=True)
    customer = await paid(name="Ama", email="ama@x.example")
    payment = await paid_by(do, customer)
    await workflows.work()

    sent = await do(send_receipt_again, payment)
    await workflows.work()

    first, copy = (each for each in mails.handed if sent.number in each.message["Subject"])
    assert copy.recipients == [sent.to]
    assert copy.message["Subject"] == first.message["Subject"]
    assert copy.message["Message-ID"] != first.message["Message-ID"]
    said, again = (each.message.get_body(("plain",)).get_content() for each in (first, copy))
    assert f"Receipt {sent.number} (copy, test" in again
    assert again.replace("copy, ", "") == said
    assert ">Copy</span>" in copy.message.get_body(("html",)).get_content()
    execution = workflows.executions(book)[-1]
    [step] = workflows.steps(execution)
    assert (execution.state, execution.customer, step.state) == ("completed", customer, "success")
