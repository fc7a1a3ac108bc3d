"""Warnings: who answers for an organization is written to when an endpoint is not reached."""

from datetime import UTC, datetime

import pytest
from mail_server import mail_server
from sqlalchemy import event

from commands.integrations import CreateIntegration, create_integration
from commands.organizations import UpdateOrganization, update_organization
from delivery.http_client import HttpClient
from delivery.messages.providers import Senders
from delivery.warnings import Warner
from domain.webhook_endpoint import Told, WebhookEndpoint
from ledger.ledger import Ledger

pytestmark = pytest.mark.anyio

STREAM = "we_01hxa2b3c4d5e6f7g8h9jkmnpq"
SINCE = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
CONTACT = UpdateOrganization(contact_email="owner@shop.example", time_zone="Africa/Accra")


@pytest.fixture
def ledger(engine):
    with Ledger(engine, clock=lambda: datetime.now(UTC)) as ledger:
        yield ledger


@pytest.fixture
def mails():
    with mail_server() as server:
        yield server


@pytest.fixture
async def warner(ledger, handler, anyio_backend):  # noqa: ARG001 (there first)
    async with HttpClient() as client:
        yield Warner(ledger, handler, Senders(client))


@pytest.fixture
def through(do):
    """Emails leave through a mail server from now on."""

    async def through(mails):
        config = {"host": "127.0.0.1", "port": mails.port, "tls": "none", "from": "hi@a.example"}
        terms = {"type": "email", "provider": "smtp", "config": config}
        return await do(create_integration, CreateIntegration.model_validate(terms))

    return through


@pytest.fixture
async def endpoint(do):
    async def register(work):
        told = Told(name="shop", url="https://shop.example/hooks", events=[], metadata={})
        work.add(
            WebhookEndpoint.register(
                STREAM, told, enabled=True, sealed_secret="", told_after=None, now=work.now
            )
        )

    async def changed(change):
        async def decide(work):
            change(await work.load_for_update(WebhookEndpoint, STREAM), work.now)

        await do(decide)

    await do(register)
    return changed


async def test_whoever_answers_is_told_once_that_an_endpoint_fails(
    do, warner, through, mails, endpoint
):
    await do(update_organization, CONTACT)
    await through(mails)
    await endpoint(lambda it, now: it.warn(SINCE, now))

    said = [await warner.warn(), await warner.warn()]

    assert said == [1, 0]
    [mail] = mails.handed
    assert mail.recipients == ["owner@shop.example"]
    assert mail.message["Subject"] == "Webhooks to shop reach nobody"
    assert mail.message["From"] == "Kente Shop <hi@a.example>"
    text, html = (part.get_content() for part in mail.message.iter_parts())
    assert (
        "has not been reached since 25 November 2026, 09:00\N{NO-BREAK SPACE}GMT. If that stays so"
        in text
    )
    assert "Kente Shop" in html


async def test_whoever_answers_is_told_why_an_endpoint_was_disabled(
    do, warner, through, mails, endpoint
):
    await do(update_organization, CONTACT)
    await through(mails)
    await endpoint(lambda it, now: it.warn(SINCE, now))
    await warner.warn()

    await endpoint(lambda it, now: it.disable("gone", now))
    await warner.warn()

    first, then = (mail.message for mail in mails.handed)
    assert then["Subject"] == "Webhooks to shop are off"
    assert "it is gone for good (410)" in next(then.iter_parts()).get_content()
    assert first["Message-ID"] != then["Message-ID"]


async def test_a_warning_waits_until_somebody_can_be_told(do, warner, through, mails, endpoint):
    await endpoint(lambda it, now: it.warn(SINCE, now))
    said = [await warner.warn()]

    await do(update_organization, CONTACT)
    said.append(await warner.warn())
    await through(mails)
    said.append(await warner.warn())

    assert said == [0, 0, 1]


async def test_nothing_is_read_of_whom_nobody_can_be_told_until_something_is_recorded(
    do, ledger, warner, endpoint
):
    await endpoint(lambda it, now: it.warn(SINCE, now))
    reads = []
    event.listen(ledger.engine, "before_cursor_execute", lambda *asked: reads.append(asked[2]))

    async def is_read():
        reads.clear()
        await warner.warn()
        return any("events" in statement for statement in reads)

    first, again = await is_read(), await is_read()
    await do(update_organization, CONTACT)

    assert (first, again, await is_read()) == (True, False, True)


@pytest.mark.parametrize("reason", ["enabled", "by hand", "removed"])
async def test_nobody_is_told_what_is_not_so_any_more(do, warner, through, mails, endpoint, reason):
    await do(update_organization, CONTACT)
    await through(mails)
    if reason != "by hand":
        await endpoint(lambda it, now: it.disable("failing", now))
    change = {"enabled": WebhookEndpoint.enable, "removed": WebhookEndpoint.remove}
    await endpoint(change.get(reason, lambda it, now: it.disable("by_hand", now)))

    assert await warner.warn() == 0
    assert mails.handed == []


async def test_what_was_sent_and_not_recorded_is_sent_again_as_the_same(
    do, ledger, handler, warner, through, mails, endpoint
):
    await do(update_organization, CONTACT)
    await through(mails)
    await endpoint(lambda it, now: it.warn(SINCE, now))
    mails.drops = True
    await warner.warn()
    mails.drops = False

    async with HttpClient() as client:
        await Warner(ledger, handler, Senders(client)).warn()

    first, again = mails.handed
    assert first.raw == again.raw
    assert first.message["Date"].datetime == SINCE
