"""Workflow actions as they are sent: what follows from a rule, and what each needs to be told."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from commands.fields import Command, Email, Object, Phone, Tag, Text
from commands.payment_links import WebAddress
from commands.retry_policies import Delay
from domain.addresses_apart import parted
from domain.workflow_rule import Action

ActionType = Literal[
    "send_email", "send_sms", "send_notification", "webhook", "add_tag", "remove_tag"
]

# As the prose of the guides calls them.
_ALSO_CALLED: Final = {
    "email": "send_email",
    "sms": "send_sms",
    "slack": "send_notification",
    "notification": "send_notification",
}
# Which integrations and templates an action goes with.
INTEGRATION_OF: Final[Mapping[str, str]] = {
    "send_email": "email",
    "send_sms": "sms",
    "send_notification": "notification",
    "webhook": "delivery",
}
TEMPLATE_OF: Final[Mapping[str, str]] = {"send_email": "email", "send_sms": "sms"}

# What the prose puts beside `type` belongs into `config`.
_INLINE: Final = ("to", "subject", "message", "body", "url", "tag", "reply_to")
# Whom a message is for where nobody else is named.
_TO_THE_CUSTOMER: Final = re.compile(r"\{\{\s*customer_(email|phone)\s*\}\}")
_TAG: Final = TypeAdapter(Tag)
_ADDRESS: Final = TypeAdapter(WebAddress)
_RECIPIENTS: Final[Mapping[str, TypeAdapter[Any]]] = {
    "send_email": TypeAdapter(Email),
    "send_sms": TypeAdapter(Phone),
}
_LONGEST_MESSAGE: Final = 10_000


def _offered(name: Any) -> Any:
    return _ALSO_CALLED.get(name, name) if isinstance(name, str) else name


class ActionTerms(Command):
    """What follows. ``after``: so long after the fact; left out: at once."""

    type: Annotated[ActionType, BeforeValidator(_offered, json_schema_input_type=ActionType)]
    integration_id: Text | None = None
    template_id: Text | None = None
    config: Object = Field(default_factory=dict)
    after: Delay | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_what_stands_beside(cls, body: Any) -> Any:
        if not isinstance(body, Mapping):
            return body
        given = body.get("config") or {}
        if not isinstance(given, Mapping):
            return body
        config = {name: body[name] for name in _INLINE if body.get(name)} | dict(given)
        if "message" in config:
            config.setdefault("body", config.pop("message"))
        said = {name: value for name, value in config.items() if value is not None}
        if _TO_THE_CUSTOMER.fullmatch(str(said.get("to", ""))):
            del said["to"]
        return {**body, "config": said}

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        check = _CHECKS[self.type]
        check(self)
        return self

    @property
    def terms(self) -> Action:
        config, personal = parted(self.config)
        return Action(
            type=self.type,
            integration_id=self.integration_id,
            template_id=self.template_id,
            config=config,
            personal=personal,
            after=self.after,
        )

    def text(self, name: str) -> str | None:
        """A text of the configuration; raises ValueError for what is no text."""
        value = self.config.get(name)
        if value is not None and (not isinstance(value, str) or "\0" in value):
            raise ValueError(f"config.{name} is not a text")
        if value is not None and len(value) > _LONGEST_MESSAGE:
            raise ValueError(f"config.{name} has more than {_LONGEST_MESSAGE} characters")
        return value or None


def _a_message(action: ActionTerms) -> None:
    for name in ("to", "subject", "body", "reply_to"):
        action.text(name)
    if (to := action.text("to")) is not None:
        _checked(_RECIPIENTS[action.type], to, "config.to")
    said = action.text("body") is not None
    is_receipt = action.config.get("receipt") is True
    if [said, action.template_id is not None, is_receipt].count(True) != 1:
        raise ValueError(f"{action.type} needs a template_id, config.body or config.receipt")
    if action.type == "send_email" and said and action.text("subject") is None:
        raise ValueError("send_email needs config.subject beside config.body")
    if action.config.get("transactional", False) not in (True, False):
        raise ValueError("config.transactional is neither true nor false")


def _a_notification(action: ActionTerms) -> None:
    if action.template_id is not None:
        raise ValueError("send_notification takes no template: its words are config.body")
    if action.text("body") is None:
        raise ValueError("send_notification needs config.body")


def _a_webhook(action: ActionTerms) -> None:
    url = action.text("url")
    if (url is None) == (action.integration_id is None):
        raise ValueError("webhook needs either config.url or an integration_id")
    if url is not None:
        _checked(_ADDRESS, url, "config.url")


def _a_tag(action: ActionTerms) -> None:
    if action.text("tag") is None:
        raise ValueError(f"{action.type} needs config.tag")
    _checked(_TAG, action.config["tag"], "config.tag")


def _checked(kind: TypeAdapter[Any], value: str, name: str) -> None:
    try:
        kind.validate_python(value)
    except ValidationError as invalid:
        said = invalid.errors()[0]["msg"].removeprefix("Value error, ")
        raise ValueError(f"{name}: {said}") from None


_CHECKS: Final = {
    "send_email": _a_message,
    "send_sms": _a_message,
    "send_notification": _a_notification,
    "webhook": _a_webhook,
    "add_tag": _a_tag,
    "remove_tag": _a_tag,
}
