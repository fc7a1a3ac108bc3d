"""Providers: through whom each kind of message may leave, and what each needs to be told."""

import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from delivery.addresses import (
    AddressRefused,
    Network,
    check_url,
    is_allowed,
    written_address,
)
from delivery.http_client import HttpClient
from delivery.messages.africas_talking import (
    AfricasTalkingConfig,
    AfricasTalkingCredentials,
    send_sms,
)
from delivery.messages.channels import Message, Notification, Sms
from delivery.messages.connections import not_public
from delivery.messages.console import ConsoleConfig, ConsoleCredentials, write_to_console
from delivery.messages.emails import Email
from delivery.messages.http_provider import (
    SAID,
    HttpConfig,
    HttpCredentials,
    send_over_http,
)
from delivery.messages.results import SendResult
from delivery.messages.slack import SlackConfig, SlackCredentials, send_notification
from delivery.messages.smtp import SmtpConfig, SmtpCredentials, send_email
from domain.book import Mode
from domain.errors import RuleBroken

M = TypeVar("M", bound=BaseModel)


class BadIntegration(RuleBroken):
    """``field``: the setting at fault, like ``config.host``."""

    code = "invalid_integration"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message, field=field)


@dataclass(frozen=True)
class Provider:
    """How the settings and the credentials of one provider look."""

    config: type[BaseModel]
    credentials: type[BaseModel]


_HTTP: Final = Provider(HttpConfig, HttpCredentials)
_OF_EVERY_TYPE: Final = {
    "http": _HTTP,
    "webhook": _HTTP,
    "console": Provider(ConsoleConfig, ConsoleCredentials),
}
PROVIDERS: Final[Mapping[str, Mapping[str, Provider]]] = {
    "email": {"smtp": Provider(SmtpConfig, SmtpCredentials), **_OF_EVERY_TYPE},
    "sms": {
        "africastalking": Provider(AfricasTalkingConfig, AfricasTalkingCredentials),
        **_OF_EVERY_TYPE,
    },
    "notification": {"slack": Provider(SlackConfig, SlackCredentials), **_OF_EVERY_TYPE},
}
_MESSAGES: Final[Mapping[str, type]] = {"email": Email, "sms": Sms, "notification": Notification}


def check_integration(
    type_: str,
    provider: str,
    config: Mapping[str, Any],
    credentials: Mapping[str, Any],
    *,
    mode: Mode,
    allowed_networks: Collection[Network] = (),
    allow_insecure: bool = False,
) -> None:
    """Raises BadIntegration for what no message of this type could be sent with."""
    known = PROVIDERS.get(type_, {})
    if provider not in known:
        offered = " and ".join(sorted(known)) or "nobody"
        raise BadIntegration(
            f"messages of type {type_} leave through {offered}, not through {provider}",
            field="provider",
        )
    settings = read_settings(known[provider].config, config, "config")
    secrets = read_settings(known[provider].credentials, credentials, "credentials")
    if isinstance(settings, HttpConfig) and isinstance(secrets, HttpCredentials):
        _check_blanks(settings, secrets, _MESSAGES[type_])
    if isinstance(settings, SmtpConfig):
        _check_login(settings, secrets)
        address = written_address(settings.host)
        if address and not is_allowed(address, mode=mode, allowed_networks=allowed_networks):
            raise BadIntegration(not_public(settings.host), field="config.host")
    if isinstance(settings, ConsoleConfig) and mode != "test":
        raise BadIntegration("the console is for test mode", field="provider")
    for field, url in _addresses(settings, secrets):
        try:
            check_url(
                url, mode=mode, allowed_networks=allowed_networks, allow_insecure=allow_insecure
            )
        except AddressRefused as refused:
            raise BadIntegration(refused.reason, field=field) from refused


def read_settings(model: type[M], said: Mapping[str, Any], part: str) -> M:
    """``part``: ``config`` or ``credentials``. Raises BadIntegration."""
    try:
        return model.model_validate(dict(said))
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, (part, *first["loc"])))
        message = first["msg"].removeprefix("Value error, ")
        raise BadIntegration(f"{field}: {message}", field=field) from None


class Senders:
    """Sends messages through providers; used from the event loop of its client."""

    def __init__(
        self,
        client: HttpClient,
        *,
        allowed_networks: Collection[Network] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._client = client
        self._allowed_networks = tuple(allowed_networks)
        self._tls = tls

    async def send(
        self,
        provider: str,
        config: Mapping[str, Any],
        credentials: Mapping[str, Any],
        message: Message,
        *,
        mode: Mode,
    ) -> SendResult:
        """What came of it. Sends at once, once, and raises nothing."""
        type_ = next(name for name, kind in _MESSAGES.items() if isinstance(message, kind))
        try:
            known = PROVIDERS[type_][provider]
            settings = read_settings(known.config, config, "config")
            secrets = read_settings(known.credentials, credentials, "credentials")
        except (KeyError, BadIntegration) as bad:
            return SendResult("later", error=f"the integration cannot be used: {bad}")
        result = await self._sent(settings, secrets, message, mode)
        return result.without(tuple(filter(None, _flat(secrets.model_dump()))))

    async def _sent(self, config: Any, credentials: Any, message: Any, mode: Mode) -> SendResult:
        match config:
            case SmtpConfig():
                return await send_email(
                    config,
                    credentials,
                    message,
                    mode=mode,
                    allowed_networks=self._allowed_networks,
                    tls=self._tls,
                )
            case AfricasTalkingConfig():
                return await send_sms(self._client, config, credentials, message, mode=mode)
            case SlackConfig():
                return await send_notification(
                    self._client, config, credentials, message, mode=mode
                )
            case ConsoleConfig():
                return write_to_console(message, mode=mode)
        return await send_over_http(self._client, config, credentials, message, mode=mode)


def _check_blanks(config: HttpConfig, credentials: HttpCredentials, message: type) -> None:
    known = {*SAID[message], *credentials.root}
    if unknown := sorted(config.blanks() - known):
        raise BadIntegration(
            f"there is no {', no '.join(unknown)} to fill in; there are {', '.join(sorted(known))}",
            field="config",
        )


def _check_login(config: SmtpConfig, credentials: BaseModel) -> None:
    password = getattr(credentials, "password", None)
    if password and config.encryption == "none":
        raise BadIntegration(
            "a password is told to a mail server over TLS only", field="config.tls"
        )
    if password and not config.username:
        raise BadIntegration("whose password is it?", field="config.username")


def _addresses(config: BaseModel, credentials: BaseModel) -> list[tuple[str, str]]:
    found = [("config.url", getattr(config, "url", None))]
    if isinstance(credentials, SlackCredentials):
        found.append(("credentials.url", credentials.url))
    return [(field, url) for field, url in found if url]


def _flat(secrets: Any) -> list[str]:
    return [str(each) for each in secrets.values()] if isinstance(secrets, dict) else []
