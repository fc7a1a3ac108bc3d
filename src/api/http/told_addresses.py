"""Told addresses: whether an address that somebody writes down may be told anything."""

from api.http.errors import InvalidInput
from api.http.request import ApiRequest
from delivery.addresses import AddressRefused, check_url


def must_be_allowed(request: ApiRequest, url: str | None, *, field: str = "url") -> None:
    """Raises InvalidInput for one that leads inside as it is written, or is not HTTPS.

    What a name leads to is looked at each time something is sent.
    """
    if url is None:
        return
    parts = request.dependencies
    try:
        check_url(
            url,
            mode=request.caller.mode,
            allowed_networks=parts.delivery_networks,
            allow_insecure=parts.allow_insecure_webhooks,
        )
    except AddressRefused as refused:
        raise InvalidInput(field, refused.reason) from None
