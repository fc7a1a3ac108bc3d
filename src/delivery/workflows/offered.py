"""What is offered: the providers of messages, and receivers of the webhooks of workflows."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from delivery.addresses import AddressRefused, Network, check_url
from delivery.messages import providers
from delivery.messages.providers import BadIntegration
from domain.book import Mode

WEBHOOK: Final = "webhook"


class ReceiverConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(min_length=1, max_length=2048)


class ReceiverCredentials(BaseModel):
    """``signing_secret``: what deliveries are signed with, `whsec_` and base64."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    signing_secret: str | None = Field(
        default=None, max_length=200, pattern=r"^whsec_(?:[A-Za-z0-9+/]{4})+[A-Za-z0-9+/=]{0,4}$"
    )


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
    receiver = _read(ReceiverConfig, config, "config")
    _read(ReceiverCredentials, credentials, "credentials")
    try:
        check_url(receiver.url, **allowed)
    except AddressRefused as refused:
        raise BadIntegration(refused.reason, field="config.url") from None


def _read(model: Any, said: Mapping[str, Any], part: str) -> Any:
    try:
        return model.model_validate(dict(said))
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, (part, *first["loc"])))
        raise BadIntegration(f"{field}: {first['msg']}", field=field) from None
