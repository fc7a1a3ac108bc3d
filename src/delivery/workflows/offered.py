"""What is offered: the providers of messages, and receivers of the webhooks of workflows."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic import Field

from delivery.addresses import AddressRefused, Network, check_url
from delivery.messages import providers
from delivery.messages.channels import Settings
from delivery.messages.providers import BadIntegration, Provider, read_settings
from domain.book import Mode

WEBHOOK: Final = "webhook"


class ReceiverConfig(Settings):
    url: str = Field(min_length=1, max_length=2048)


class ReceiverCredentials(Settings):
    """``signing_secret``: what deliveries are signed with, `whsec_` and base64."""

    signing_secret: str | None = Field(
        default=None, max_length=200, pattern=r"^whsec_(?:[A-Za-z0-9+/]{4})+[A-Za-z0-9+/=]{0,4}$"
    )


OFFERED: Final[Mapping[str, Mapping[str, Provider]]] = {
    **providers.PROVIDERS,
    "delivery": {WEBHOOK: Provider(ReceiverConfig, ReceiverCredentials)},
}


def check_integration(
    type_: str,
    provider: str,
    config: Mapping[str, Any],
    credentials: Mapping[str, Any],
    *,
    mode: Mode,
    allowed_networks: Collection[Network],
    allow_insecure: bool,
) -> None:
    """Raises BadIntegration for what nothing could be sent with."""
    allowed: Any = {
        "mode": mode,
        "allowed_networks": allowed_networks,
        "allow_insecure": allow_insecure,
    }
    if type_ != "delivery":
        providers.check_integration(type_, provider, config, credentials, **allowed)
        return
    if provider != WEBHOOK:
        raise BadIntegration(
            f"deliveries leave through {WEBHOOK}, not through {provider}", field="provider"
        )
    receiver = read_settings(ReceiverConfig, config, "config")
    read_settings(ReceiverCredentials, credentials, "credentials")
    try:
        check_url(receiver.url, **allowed)
    except AddressRefused as refused:
        raise BadIntegration(refused.reason, field="config.url") from None
