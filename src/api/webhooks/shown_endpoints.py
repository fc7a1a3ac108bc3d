"""Shown endpoints: what their facts say of them, and how it goes to tell them."""

from collections.abc import Sequence
from typing import Any

from api.http.request import ApiRequest
from api.resources.webhook_endpoints import endpoint_of
from api.webhooks.deliveries import asked
from api.webhooks.secrets import told
from delivery.webhooks.backlog import failing
from domain.webhook_endpoint import WebhookEndpoint


async def shown(request: ApiRequest, endpoints: Sequence[WebhookEndpoint]) -> list[dict[str, Any]]:
    """An endpoint that is told things fails as its last deliveries say, and not its facts."""
    book = request.book_name
    since = await asked(request, lambda db: failing(db, book))
    return [
        told(request, endpoint_of(each, request.org_id))
        | {"failing_since": since.get(each.id) if each.enabled else _before_it_was_off(each)}
        for each in endpoints
    ]


def _before_it_was_off(endpoint: WebhookEndpoint) -> Any:
    return endpoint.failing_since if endpoint.disabled_reason == "failing" else None
