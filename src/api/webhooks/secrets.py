"""Secrets of endpoints: opened for those who may change them, as an answer is told."""

from typing import Any, Final

from api.http.command_answers import WithSecrets
from api.http.request import ApiRequest
from api.resources.webhook_endpoints import endpoint_of
from commands.handling.unit_of_work import UnitOfWork
from commands.webhook_endpoints import secret_purpose
from domain.webhook_endpoint import WebhookEndpoint
from ledger.keyring import CannotSealOrOpen

_WRITES: Final = "webhooks:write"


def told(request: ApiRequest, body: dict[str, Any]) -> dict[str, Any]:
    """The body with the secret itself; null to whoever may not change it.

    Null as well without the key that it was sealed with: rotating gives it another.
    """
    return body | {"signing_secret": _opened(request, body)}


def _opened(request: ApiRequest, body: dict[str, Any]) -> str | None:
    if not request.caller.may(_WRITES):
        return None
    try:
        return request.dependencies.handler.keyring.open(
            body["signing_secret"], purpose=secret_purpose(request.book_name, body["id"])
        )
    except CannotSealOrOpen:
        return None


def _stored(work: UnitOfWork, endpoint: WebhookEndpoint) -> dict[str, Any]:
    return endpoint_of(endpoint, work.org_id)


def _tell(
    request: ApiRequest, body: dict[str, Any], _endpoint: WebhookEndpoint | None
) -> dict[str, Any]:
    return told(request, body)


ENDPOINT: Final = WithSecrets(_stored, _tell)
