"""Providers through whom messages leave: what the form of each asks, and what was typed into it.

Which settings there are, which are needed and of what kind they are, is what `delivery` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin

import orjson
from pydantic.fields import FieldInfo

from api.http.errors import InvalidInput
from console.fields import Fields
from console.forms import number_in, pairs_as_text, pairs_in, same_text
from console.settings.provider_words import HINTS, LABELS, PROVIDERS_SAY, USUAL
from delivery.workflows.offered import OFFERED

_PRICES: Final = frozenset({"price_per_segment", "price_currency"})


@dataclass(frozen=True)
class Asked:
    """``kind`` is how it is typed; a secret is sealed, and never shown again.

    ``usual``: what it is where nobody says it, which is what an empty field stands for.
    """

    name: str
    kind: Literal["text", "number", "secret", "secrets", "pairs", "json", "choice"] = "text"
    label: str = ""
    hint: str = ""
    optional: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    usual: Any = None

    @property
    def is_secret(self) -> bool:
        return self.kind in ("secret", "secrets")


@dataclass(frozen=True)
class Provider:
    label: str
    about: str
    asked: tuple[Asked, ...] = ()


TYPES: Final = {
    "email": "Email",
    "sms": "Text messages",
    "notification": "Notifications",
    "delivery": "Webhooks of workflows",
}


def provider_of(type_: str, name: str) -> Provider | None:
    return PROVIDERS.get(type_, {}).get(provider_named(type_, name))


def provider_named(type_: str, name: str) -> str:
    """Messages leave over HTTP by either name."""
    return "http" if name == "webhook" and type_ != "delivery" else name


def typed_of(provider: Provider, config: Mapping[str, Any]) -> dict[str, str]:
    """What the fields say of an integration: nothing of its secrets."""
    asked = (each for each in provider.asked if not each.is_secret)
    return {each.name: _written(each, config.get(each.name)) for each in asked}


def config_in(provider: Provider, form: Fields, known: Mapping[str, Any]) -> dict[str, Any]:
    """All of it: what is not asked, or stands as it was written, is what is ``known``.

    Raises InvalidInput for what is no JSON.
    """
    said = {**known}
    for each in provider.asked:
        text = form.get(each.name, "").strip()
        if each.is_secret or same_text(text, _written(each, known.get(each.name))):
            continue
        said.pop(each.name, None)
        if text:
            said[each.name] = _read(each, text)
    return said


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


def _asked_by(type_: str, name: str) -> tuple[Asked, ...]:
    """The settings, then the secrets; the price of a part is one of text messages alone."""
    offered = OFFERED[type_][name]
    settings = [_asked(name, *each) for each in offered.config.model_fields.items()]
    secrets = [_secret(name, *each) for each in offered.credentials.model_fields.items()]
    settings.sort(key=lambda each: each.name in _PRICES)
    return (*(each for each in settings if type_ == "sms" or each.name not in _PRICES), *secrets)


def _asked(provider: str, name: str, field: FieldInfo) -> Asked:
    name = field.alias or name
    usual = None if field.is_required() else field.get_default(call_default_factory=True)
    kind, choices = _kind_of(field.annotation)
    return Asked(
        name,
        kind,
        LABELS.get(f"{provider}.{name}") or LABELS[name],
        HINTS.get(f"{provider}.{name}", ""),
        optional=not field.is_required(),
        choices=_offered(name, choices, usual),
        usual=usual,
    )


def _secret(provider: str, name: str, field: FieldInfo) -> Asked:
    hint = HINTS.get(f"{provider}.{name}", "")
    if name == "root":
        return Asked("credentials", "secrets", "Secrets", "name: value, one a line.", optional=True)
    return Asked(name, "secret", LABELS[name], hint, optional=not field.is_required())


def _kind_of(annotation: Any) -> tuple[Any, tuple[str, ...]]:
    """``choices``: of what is one of a few."""
    if NoneType in get_args(annotation):
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation)
    if get_origin(annotation) is dict:
        return ("pairs" if get_args(annotation)[1] is str else "json"), ()
    return ("number" if annotation is int else "text"), ()


def _offered(name: str, choices: tuple[str, ...], usual: Any) -> tuple[tuple[str, str], ...]:
    if not choices:
        return ()
    first = ("", LABELS.get(f"{name}.{usual}", usual) if usual else USUAL[name])
    others = (each for each in choices if each != usual)
    return (first, *((each, LABELS.get(f"{name}.{each}", each)) for each in others))


def _written(asked: Asked, value: Any) -> str:
    if value is None or (asked.kind == "choice" and value == asked.usual):
        return ""
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


PROVIDERS: Final[Mapping[str, Mapping[str, Provider]]] = {
    type_: {
        name: Provider(*PROVIDERS_SAY[name], _asked_by(type_, name))
        for name in known
        if provider_named(type_, name) == name
    }
    for type_, known in OFFERED.items()
}
