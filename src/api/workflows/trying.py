"""Trying an integration out: one message to an address that is said, and what came of it."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from api.http.errors import InvalidInput
from api.http.request import ApiRequest
from api.http.routing import example, needs, new_router
from api.resources.workflows import TriedIntegration, tried_integration_of
from commands import integrations as commands
from commands.handling.unit_of_work import UnitOfWork
from commands.integrations import TryIntegration
from delivery.http_client import HttpClient
from delivery.messages.channels import Message, Notification, Sms
from delivery.messages.emails import BadAddress, Email, mailbox_of
from delivery.messages.providers import Senders
from delivery.messages.results import SendResult
from domain.contact import ImpossiblePhone, e164
from domain.integration import Integration
from ledger.keyring import CannotSealOrOpen

router = new_router("workflows")
WRITE = needs("workflows:write")


@dataclass(frozen=True)
class _Words:
    subject: str
    text: str


@router.post(
    "/v1/workflows/integrations/{integration_id}/test",
    response_model=TriedIntegration,
    dependencies=[WRITE],
    openapi_extra=example(to="ama@shop.example"),
)
async def try_integration(
    request: ApiRequest, integration_id: str, command: TryIntegration
) -> Response:
    """Sends a message that says what it is, at once, also while the integration is inactive.

    What came of it is recorded, and `error` says why it did not leave. A key sends one message.
    """
    known = await request.perform(commands.known_integration, integration_id)
    message = _message(request, known, command.to)
    # Of an attempt that lost a race: what has left has left.
    results: list[SendResult] = []

    async def carry_out(work: UnitOfWork) -> Integration:
        integration = await commands.show_integration(work, integration_id)
        if not results:
            results.append(await _sent(request, integration, message))
        error = _error_of(results[0])
        return await commands.note_try(work, integration_id, to=command.to, error=error)

    def show(_: UnitOfWork, tried: Integration) -> dict[str, Any]:
        return tried_integration_of(tried, results[0].response)

    async with request.dependencies.test_messages.turn(request.org_id):
        return await request.decide(carry_out, show=show, reaches_outside=True)


def _error_of(result: SendResult) -> str | None:
    return None if result.status == "sent" else result.error or "it did not leave"


async def _sent(request: ApiRequest, integration: Integration, message: Message) -> SendResult:
    parts = request.dependencies
    try:
        credentials = commands.credentials_of(parts.handler.keyring, request.book_name, integration)
    except CannotSealOrOpen as error:
        return SendResult("later", error=f"its credentials cannot be opened: {error}")
    networks = parts.delivery_networks
    async with HttpClient(allowed_networks=networks) as client:
        return await Senders(client, allowed_networks=networks).send(
            integration.provider,
            integration.config,
            credentials,
            message,
            mode=request.caller.mode,
        )


def _message(request: ApiRequest, integration: Integration, to: str | None) -> Message:
    words = _words(request, integration)
    key = f"try {integration.id} {request.request_state.request_id}"
    if integration.type == "notification":
        return Notification(words.text, key)
    if integration.type == "delivery":
        raise InvalidInput("to", "what is no message cannot be tried: workflows send to it")
    if to is None:
        raise InvalidInput("to", "is required", "missing_required_field")
    if integration.type == "sms":
        return Sms(_phone(to), words.text, key)
    return _email(request, to, words, key)


def _words(request: ApiRequest, integration: Integration) -> _Words:
    whose = request.caller.organization.name
    return _Words(
        f"A test message of {whose}",
        f"This is a test message of {whose}: what you read has left through {integration.name}.",
    )


def _email(request: ApiRequest, to: str, words: _Words, key: str) -> Email:
    try:
        mailbox_of(to)
    except BadAddress:
        raise InvalidInput("to", "is no email address") from None
    at = request.dependencies.handler.clock()
    return Email(to=to, subject=words.subject, text=words.text, html=None, key=key, at=at)


def _phone(to: str) -> str:
    try:
        return e164(to)
    except ImpossiblePhone:
        raise InvalidInput("to", "is no phone number: write it like +233201234567") from None
