"""Webhook endpoint commands: who is told what happens, since when, and with which secret."""

from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from commands.handling.unit_of_work import UnitOfWork
from commands.webhook_bodies import (
    RegisterEndpoint,
    RotateSecret,
    SetWebhookConfig,
    UpdateEndpoint,
)
from domain.errors import NotFound, RuleBroken
from domain.webhook_endpoint import (
    DEFAULT_NAME,
    ENDPOINT,
    ENDPOINT_NAME,
    Told,
    WebhookEndpoint,
)
from domain.webhook_endpoint_refusals import MOST_ENDPOINTS, EndpointNameTaken, TooManyEndpoints
from ledger.keyring import Keyring

_SECRET_BYTES: Final = 32


class NoWebhookConfig(NotFound):
    code = "webhook_config_not_found"

    def __init__(self) -> None:
        super().__init__("no webhook is set up: POST /v1/webhooks/config sets one up")


class NothingToTest(RuleBroken):
    """Whoever tests asks for something to be done with a webhook, not for the webhook."""

    code = NoWebhookConfig.code

    def __init__(self) -> None:
        super().__init__(NoWebhookConfig().message)


class BeginsInTheFuture(RuleBroken):
    code = "validation_error"

    def __init__(self, begin: int | datetime, head: int) -> None:
        shown = begin if isinstance(begin, int) else begin.isoformat()
        super().__init__(
            f"it cannot begin at {shown}: the last position is {head}", field="begin", head=head
        )


async def set_webhook_config(work: UnitOfWork, command: SetWebhookConfig) -> WebhookEndpoint:
    """Where it is and what it is told may change; its secret and its place in the facts stay."""
    told = _told(DEFAULT_NAME, command)
    with suppress(NoWebhookConfig):
        endpoint = await _default_endpoint(work)
        endpoint.change(told, work.now)
        _switch(endpoint, work, enabled=command.enabled)
        return endpoint
    return await _registered(work, DEFAULT_NAME, command, told_after=None)


async def show_webhook_config(work: UnitOfWork) -> WebhookEndpoint:
    return await work.load_recent(WebhookEndpoint, await _default_id(work))


async def webhook_to_test(work: UnitOfWork) -> WebhookEndpoint:
    try:
        return await show_webhook_config(work)
    except NoWebhookConfig:
        raise NothingToTest from None


async def remove_webhook_config(work: UnitOfWork) -> None:
    (await _default_endpoint(work)).remove(work.now)


async def register_endpoint(work: UnitOfWork, command: RegisterEndpoint) -> WebhookEndpoint:
    """Refused with EndpointNameTaken, TooManyEndpoints and BeginsInTheFuture."""
    if command.name is not None:
        await _must_be_free(work, command.name)
    told_after = await _place_before(work, command.begin)
    return await _registered(work, command.name, command, told_after=told_after)


async def update_endpoint(
    work: UnitOfWork, endpoint_id: str, command: UpdateEndpoint
) -> WebhookEndpoint:
    endpoint = await _to_change(work, endpoint_id)
    if command.name is not None and command.name != endpoint.name:
        await _must_be_free(work, command.name)
    endpoint.change(_stated(command), work.now)
    if command.enabled is not None:
        _switch(endpoint, work, enabled=command.enabled)
    return endpoint


async def enable_endpoint(work: UnitOfWork, endpoint_id: str) -> WebhookEndpoint:
    endpoint = await _to_change(work, endpoint_id)
    endpoint.enable(work.now)
    return endpoint


async def disable_endpoint(work: UnitOfWork, endpoint_id: str) -> WebhookEndpoint:
    endpoint = await _to_change(work, endpoint_id)
    endpoint.disable("by_hand", work.now)
    return endpoint


async def retry_endpoint(work: UnitOfWork, endpoint_id: str) -> WebhookEndpoint:
    """Refused with WebhookEndpointDisabled."""
    endpoint = await _to_change(work, endpoint_id)
    endpoint.retry(work.now)
    return endpoint


async def rotate_secret(
    work: UnitOfWork, endpoint_id: str, command: RotateSecret
) -> WebhookEndpoint:
    endpoint = await _to_change(work, endpoint_id)
    endpoint.rotate_secret(
        _new_secret(work, endpoint.id),
        work.now,
        previous_for=timedelta(hours=command.previous_for_hours),
    )
    return endpoint


async def remove_endpoint(work: UnitOfWork, endpoint_id: str) -> None:
    (await _to_change(work, endpoint_id)).remove(work.now)


async def show_endpoint(work: UnitOfWork, endpoint_id: str) -> WebhookEndpoint:
    endpoint = await work.load_recent(WebhookEndpoint, endpoint_id)
    endpoint.must_be_there()
    return endpoint


async def list_endpoints(work: UnitOfWork) -> list[WebhookEndpoint]:
    """Newest first."""
    found = await work.owners(ENDPOINT, "")
    return [await work.load_recent(WebhookEndpoint, stream) for _, stream in reversed(found)]


def secret_purpose(book: str, endpoint_id: str) -> str:
    """What a secret is sealed for: it opens for no other endpoint, nor in another book."""
    return f"webhook secret {book} {endpoint_id}"


def signing_secrets(
    endpoint: WebhookEndpoint, book: str, keyring: Keyring, now: datetime
) -> list[str]:
    """The secrets that sign at a moment, the newest first. Raises what `Keyring.open` does."""
    purpose = secret_purpose(book, endpoint.id)
    return [keyring.open(sealed, purpose=purpose) for sealed in endpoint.sealed_secrets(now)]


async def _default_id(work: UnitOfWork) -> str:
    stream = await work.owner(ENDPOINT_NAME, DEFAULT_NAME)
    if stream is None:
        raise NoWebhookConfig
    return stream


async def _default_endpoint(work: UnitOfWork) -> WebhookEndpoint:
    return await _to_change(work, await _default_id(work))


async def _to_change(work: UnitOfWork, endpoint_id: str) -> WebhookEndpoint:
    endpoint = await work.load_for_update(WebhookEndpoint, endpoint_id)
    endpoint.must_be_there()
    return endpoint


async def _registered(
    work: UnitOfWork, name: str | None, command: SetWebhookConfig, *, told_after: int | None
) -> WebhookEndpoint:
    """Without a name it is called by its id."""
    if len(await work.owners(ENDPOINT, "")) >= MOST_ENDPOINTS:
        raise TooManyEndpoints
    endpoint_id = work.ids.new("we")
    endpoint = WebhookEndpoint.register(
        endpoint_id,
        _told(name or endpoint_id, command),
        enabled=command.enabled,
        sealed_secret=_new_secret(work, endpoint_id),
        told_after=told_after,
        now=work.now,
    )
    work.add(endpoint)
    return endpoint


async def _must_be_free(work: UnitOfWork, name: str) -> None:
    owner = await work.owner(ENDPOINT_NAME, name)
    if owner is not None:
        raise EndpointNameTaken(name, owner)


async def _place_before(work: UnitOfWork, begin: str | int | datetime) -> int | None:
    """The position after which the telling begins; None: that of the registration."""
    if isinstance(begin, str):
        return None
    head = await work.head()
    if isinstance(begin, datetime):
        if begin > work.now:
            raise BeginsInTheFuture(begin, head)
        return await work.position_before(begin)
    if begin > head:
        raise BeginsInTheFuture(begin, head)
    return begin


def _told(name: str, command: SetWebhookConfig) -> Told:
    return Told(name=name, url=command.url, events=command.events, metadata=command.metadata)


def _stated(command: UpdateEndpoint) -> Mapping[str, Any]:
    """What null clears has a value all the same: all events, no metadata."""
    stated = command.model_dump(include=command.model_fields_set - {"enabled"})
    cleared: dict[str, Any] = {"events": [], "metadata": {}}
    return {name: cleared[name] if value is None else value for name, value in stated.items()}


def _switch(endpoint: WebhookEndpoint, work: UnitOfWork, *, enabled: bool) -> None:
    if enabled:
        endpoint.enable(work.now)
    else:
        endpoint.disable("by_hand", work.now)


def _new_secret(work: UnitOfWork, endpoint_id: str) -> str:
    """As both ways of signing want it: the prefix is part of one key, and not of the other."""
    secret = f"whsec_{b64encode(work.ids.random_bytes(_SECRET_BYTES)).decode()}"
    return work.keyring.seal(secret, purpose=secret_purpose(work.book, endpoint_id))
