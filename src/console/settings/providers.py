"""Providers through whom messages leave: what the form of each asks, and what was typed into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from api.http.errors import InvalidInput
from console.fields import Fields
from console.forms import number_in, pairs_as_text, pairs_in


@dataclass(frozen=True)
class Asked:
    """``kind`` is how it is typed; a secret is sealed, and never shown again."""

    name: str
    label: str
    kind: Literal["text", "number", "secret", "secrets", "pairs", "json", "tls"] = "text"
    hint: str = ""
    optional: bool = False

    @property
    def is_secret(self) -> bool:
        return self.kind in ("secret", "secrets")


@dataclass(frozen=True)
class Provider:
    label: str
    about: str
    asked: tuple[Asked, ...] = ()


_PRICE: Final = (
    Asked("price_per_segment", "Price of a part", hint="To say what messages cost.", optional=True),
    Asked("price_currency", "Currency of the price", optional=True),
)
_HTTP: Final = (
    Asked("url", "Address", hint="It is told each message with a POST. {{ to }} stands for whom."),
    Asked("headers", "Headers", "pairs", "name: value, one a line.", optional=True),
    Asked("body", "Body", "json", "JSON; left empty: all that the message says.", optional=True),
    Asked("reference", "Where its answer names the message", hint="data.id, say.", optional=True),
    Asked("credentials", "Secrets", "secrets", "name: value, one a line.", optional=True),
)
_CONSOLE: Final = Provider(
    "Log", "For trying things out: messages stand in the log of the service."
)
_SMTP: Final = (
    Asked("host", "Mail server", hint="smtp.shop.example, say."),
    Asked("port", "Port", "number", "Left empty: 587.", optional=True),
    Asked("tls", "Encryption", "tls", optional=True),
    Asked("from", "From", hint="Kente Shop <hello@shop.example>, say."),
    Asked("reply_to", "Answers go to", optional=True),
    Asked("username", "User name", optional=True),
    Asked("password", "Password", "secret", optional=True),
)
_AFRICAS_TALKING: Final = (
    Asked("username", "User name", hint="sandbox, for trying things out."),
    Asked("from", "Sender", hint="A name or a short code.", optional=True),
    *_PRICE,
    Asked("api_key", "API key", "secret"),
)
_SLACK: Final = (
    Asked("channel", "Channel", optional=True),
    Asked("from", "Sender", optional=True),
    Asked("url", "Address", "secret", "Whoever knows it may write there: it is a secret."),
)
_RECEIVER: Final = (
    Asked("url", "Address"),
    Asked("signing_secret", "Signing secret", "secret", "whsec_…", optional=True),
)

TYPES: Final = {
    "email": "Email",
    "sms": "Text messages",
    "notification": "Notifications",
    "delivery": "Webhooks of workflows",
}
PROVIDERS: Final[Mapping[str, Mapping[str, Provider]]] = {
    "email": {
        "smtp": Provider("Mail server", "Any that speaks SMTP.", _SMTP),
        "http": Provider("Over HTTP", "A service with an API of its own.", _HTTP),
        "console": _CONSOLE,
    },
    "sms": {
        "africastalking": Provider("Africa's Talking", "In most of Africa.", _AFRICAS_TALKING),
        "http": Provider("Over HTTP", "A service with an API of its own.", (*_HTTP, *_PRICE)),
        "console": _CONSOLE,
    },
    "notification": {
        "slack": Provider("Slack", "Also Mattermost, Rocket.Chat and Discord.", _SLACK),
        "http": Provider("Over HTTP", "A service with an API of its own.", _HTTP),
        "console": _CONSOLE,
    },
    "delivery": {"webhook": Provider("Receiver", "An address of yours.", _RECEIVER)},
}


def provider_of(type_: str, name: str) -> Provider | None:
    name = "http" if name == "webhook" and type_ != "delivery" else name
    return PROVIDERS.get(type_, {}).get(name)


def typed_of(provider: Provider, config: Mapping[str, Any]) -> dict[str, str]:
    """What the fields say of an integration: nothing of its secrets."""
    return {
        each.name: _written(each, config[each.name])
        for each in provider.asked
        if not each.is_secret and config.get(each.name) is not None
    }


def config_in(provider: Provider, form: Fields) -> dict[str, Any]:
    """All of it. Raises InvalidInput for what is no JSON."""
    typed = ((each, form.get(each.name, "").strip()) for each in provider.asked)
    return {each.name: _read(each, text) for each, text in typed if text and not each.is_secret}


def credentials_in(provider: Provider, form: Fields) -> dict[str, Any]:
    """Empty where nothing is typed: what is known already stays."""
    found: dict[str, Any] = {}
    for each in provider.asked:
        text = form.get(each.name, "").strip()
        if each.kind == "secrets":
            found |= pairs_in(text)
        elif each.kind == "secret" and text:
            found[each.name] = text
    return found


def _written(asked: Asked, value: Any) -> str:
    if asked.kind == "pairs":
        return pairs_as_text(value)
    if asked.kind == "json":
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() if value else ""
    return str(value)


def _read(asked: Asked, text: str) -> Any:
    if asked.kind == "number":
        return number_in(text)
    if asked.kind == "pairs":
        return pairs_in(text)
    if asked.kind == "json":
        try:
            return orjson.loads(text)
        except ValueError:
            raise InvalidInput(f"config.{asked.name}", "this is no JSON") from None
    return text
