"""Test messages: whether somebody listens, and accepts what is signed."""

from datetime import datetime
from typing import Final, NamedTuple

from commands.handling.ids import Ids
from commands.webhook_endpoints import signing_secrets
from delivery.addresses import Network
from delivery.envelopes import API_VERSION, to_json
from delivery.http_client import HttpClient
from delivery.webhooks.sender import Parcel, Result, send, told_in
from domain.book import Book
from domain.webhook_endpoint import WebhookEndpoint
from ledger.keyring import Keyring

TEST: Final = "reevit.webhook.test"
_MESSAGE: Final = "This is a test: nothing has happened."


class Tested(NamedTuple):
    """The body that was sent, and what came back."""

    body: str
    result: Result


async def send_test(
    endpoint: WebhookEndpoint,
    book: Book,
    *,
    keyring: Keyring,
    ids: Ids,
    now: datetime,
    allowed_networks: tuple[Network, ...] = (),
) -> Tested:
    """Sends once, whether the endpoint is enabled or not, and remembers nothing of it."""
    told = {
        "id": ids.new("evt"),
        "event": TEST,
        "type": TEST,
        "org_id": book.org_id,
        "mode": book.mode,
        "api_version": API_VERSION,
        "timestamp": now,
        "created_at": now,
        "message": _MESSAGE,
    }
    secrets = signing_secrets(endpoint, str(book), keyring, now)
    parcel = Parcel(endpoint.url, told, ids.new("evtd"), 1, secrets)
    async with HttpClient(allowed_networks=allowed_networks) as client:
        body = to_json(told_in(parcel, now)).decode()
        return Tested(body, await send(client, parcel, now=now))
