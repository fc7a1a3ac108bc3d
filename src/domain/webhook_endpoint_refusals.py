"""Refusals of webhook endpoints."""

from typing import Final

from domain.errors import Conflict, NotFound, RuleBroken

# Each has a cursor and a lease of its own.
MOST_ENDPOINTS: Final = 500


class WebhookEndpointNotFound(NotFound):
    code = "webhook_endpoint_not_found"

    def __init__(self, endpoint_id: str) -> None:
        super().__init__(f"no webhook endpoint {endpoint_id}", endpoint_id=endpoint_id)


class EndpointNameTaken(Conflict):
    code = "webhook_endpoint_already_exists"

    def __init__(self, name: str, endpoint_id: str) -> None:
        super().__init__(
            f"a webhook endpoint is called {name} already", field="name", endpoint_id=endpoint_id
        )


class TooManyEndpoints(Conflict):
    code = "too_many_webhook_endpoints"

    def __init__(self) -> None:
        super().__init__(f"there are {MOST_ENDPOINTS} webhook endpoints: remove one first")


class WebhookEndpointDisabled(RuleBroken):
    code = "webhook_endpoint_disabled"

    def __init__(self, endpoint_id: str) -> None:
        super().__init__(
            "the endpoint is disabled: once it is enabled it is told what waits",
            endpoint_id=endpoint_id,
        )
