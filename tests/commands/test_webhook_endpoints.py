"""Webhook endpoints: names that are given once, secrets that open in one place alone."""

import asyncio

import pytest
from secret_keys import KEYRING

from commands.derived_claims import first_wrong_claim
from commands.webhook_bodies import RegisterEndpoint, SetWebhookConfig, UpdateEndpoint
from commands.webhook_endpoints import (
    list_endpoints,
    register_endpoint,
    remove_endpoint,
    secret_purpose,
    set_webhook_config,
    show_webhook_config,
    signing_secrets,
    update_endpoint,
)
from domain.webhook_endpoint_refusals import EndpointNameTaken
from ledger.keyring import SealBroken

pytestmark = pytest.mark.anyio
URL = "https://shop.example/hooks"


async def test_the_webhook_is_one_however_many_set_it_up_at_once(do, handler, neighbour):
    command = SetWebhookConfig(url=URL)

    made = await asyncio.gather(
        *(do(set_webhook_config, command, by=by) for by in (handler, neighbour) * 5)
    )

    assert len({endpoint.id for endpoint in made}) == 1
    assert len(await do(list_endpoints)) == 1


async def test_a_name_is_given_once_however_many_ask_at_once(do, handler, neighbour):
    command = RegisterEndpoint(name="warehouse", url=URL)

    made = await asyncio.gather(
        *(do(register_endpoint, command, by=by) for by in (handler, neighbour) * 5),
        return_exceptions=True,
    )

    assert [type(each) for each in made].count(EndpointNameTaken) == 9
    assert len(await do(list_endpoints)) == 1


async def test_what_the_ledger_holds_for_endpoints_follows_from_the_facts(do, ledger, book):
    kept = await do(register_endpoint, RegisterEndpoint(name="books", url=URL))
    gone = await do(register_endpoint, RegisterEndpoint(name="warehouse", url=URL))
    await do(update_endpoint, kept.id, UpdateEndpoint(name="library"))
    await do(remove_endpoint, gone.id)

    assert first_wrong_claim(ledger, book) is None
    assert ledger.owners(book, "webhook_endpoint_name", "") == [("library", kept.id)]
    assert ledger.owners(book, "webhook_endpoint", "") == [(kept.id, kept.id)]


async def test_a_secret_opens_for_its_endpoint_and_its_book_alone(do, handler, book, live):
    endpoint = await do(set_webhook_config, SetWebhookConfig(url=URL))
    other = await do(register_endpoint, RegisterEndpoint(name="warehouse", url=URL))

    [secret] = signing_secrets(endpoint, book, KEYRING, handler.clock())

    assert secret.startswith("whsec_")
    for wrong in (secret_purpose(live, endpoint.id), secret_purpose(book, other.id)):
        with pytest.raises(SealBroken):
            KEYRING.open(endpoint.sealed_secret, purpose=wrong)


async def test_each_mode_has_a_webhook_of_its_own(do, live):
    await do(set_webhook_config, SetWebhookConfig(url=URL))
    await do(set_webhook_config, SetWebhookConfig(url="https://live.example"), book=live)

    assert (await do(show_webhook_config)).url == URL
    assert (await do(show_webhook_config, book=live)).url == "https://live.example"
