"""Sending: the emails, text messages and notifications that workflows say, each to whom it may."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from commands.handling.handler import CommandHandler
from commands.integrations import credentials_of
from commands.workflow_actions import INTEGRATION_OF
from delivery.messages.channels import Notification, Sms
from delivery.messages.emails import Email
from delivery.messages.providers import Senders
from delivery.messages.results import SendResult
from delivery.messages.templates import (
    BadTemplate,
    Compiled,
    MessageTooLong,
    Rendered,
    compile_template,
)
from delivery.workflows.doing import Do, Doing, Done, Skipped
from delivery.workflows.variables import variables_of
from domain.customer import Customer
from domain.integration import INTEGRATION, Integration
from domain.message_template import MessageTemplate
from domain.organization import Organization
from domain.workflow_rule import Action
from ledger.keyring import CannotSealOrOpen
from ledger.ledger import Ledger

Message = Email | Sms | Notification
# Where a customer of a book says that they want no more of it; "" where nobody can be sent to.
UnsubscribeUrl = Callable[[str, str, str], str]

_KINDS: Final = {"send_email": "email", "send_sms": "sms", "send_notification": "notification"}
_ADDRESSES: Final = {"send_email": "email", "send_sms": "phone"}
# Whoever says so is not written to at all, whatever it is.
_NEVER: Final = ("bounced", "complained")


@dataclass(frozen=True, slots=True)
class Words:
    """What a message is written with; ``version``: of its template, 0 without one."""

    compiled: Compiled
    version: int = 0


class CannotBeSaid(Exception):  # noqa: N818 (it is said of the action, and tried no more)
    """There is nothing to send, or nobody to send it through, until somebody mends that."""


class Sending:
    """Writes and sends; used from the event loop of its handler."""

    def __init__(
        self,
        ledger: Ledger,
        handler: CommandHandler,
        senders: Senders,
        *,
        unsubscribe_url: UnsubscribeUrl = lambda _book, _customer, _channel: "",
    ) -> None:
        self._ledger = ledger
        self._handler = handler
        self._senders = senders
        self._unsubscribe_url = unsubscribe_url

    @property
    def actions(self) -> dict[str, Do]:
        return dict.fromkeys(_KINDS, self.send)

    async def send(self, doing: Doing) -> Done | Skipped:
        recipient = recipient_of(doing.action, doing.customer)
        if isinstance(recipient, Skipped):
            return recipient
        try:
            integration = await self._integration(doing)
            words = await self.words(doing.step.book, doing.action)
            message = await self.message(doing, recipient, words)
        except (CannotBeSaid, BadTemplate, MessageTooLong) as wrong:
            return Done(SendResult("failed", error=str(wrong)))
        if doing.only_says:
            said = f"would {doing.action['type'].replace('_', ' ')} through {integration.name}"
            return Done(SendResult("sent", said), words.version, integration.id)
        result = await self._sent(doing, integration, message)
        return Done(result, words.version, integration.id)

    async def words(self, book: str, action: Action) -> Words:
        """Of the template as it is now, or as the rule says them. Raises CannotBeSaid."""
        kind: Any = _KINDS[action["type"]]
        template_id, config = action["template_id"], action["config"]
        if template_id is None:
            return Words(compile_template(config.get("subject"), config["body"], kind))
        template = await self._handler.load_recent(MessageTemplate, book, template_id)
        if template is None or template.removed:
            raise CannotBeSaid(f"the template {template_id} is not there any more")
        compiled = compile_template(template.subject, template.body, kind)
        return Words(compiled, template.version)

    async def message(self, doing: Doing, recipient: str, words: Words) -> Message:
        """As it is sent, and as it would be. Raises MessageTooLong."""
        book = doing.book
        organization = await self._handler.load_recent(Organization, str(book), book.org_id)
        if organization is None:
            raise CannotBeSaid("its organization is not there any more")
        url = self._unsubscribe(doing)
        variables = variables_of(
            doing.occurrence.fact,
            doing.subject,
            doing.customer,
            organization,
            unsubscribe_url=url,
        )
        rendered = words.compiled.render(variables)
        return _message(doing, recipient, rendered, organization, url)

    async def _sent(self, doing: Doing, integration: Integration, message: Message) -> SendResult:
        book = doing.book
        try:
            credentials = credentials_of(self._handler.keyring, str(book), integration)
        except CannotSealOrOpen as error:
            return SendResult("later", error=f"its credentials cannot be opened: {error}")
        return await self._senders.send(
            integration.provider, integration.config, credentials, message, mode=book.mode
        )

    async def _integration(self, doing: Doing) -> Integration:
        """The one that is named, else the usual one of its type. Raises CannotBeSaid."""
        book, named = doing.step.book, doing.action["integration_id"]
        type_ = INTEGRATION_OF[doing.action["type"]]
        streams = [named] if named else await self._of_type(book, type_)
        found = [await self._handler.load_recent(Integration, book, each) for each in streams]
        usable = [each for each in found if each is not None and each.is_usable]
        if not usable:
            raise CannotBeSaid(f"there is no active integration of type {type_} to send it through")
        return next((each for each in usable if each.is_default), usable[0])

    async def _of_type(self, book: str, type_: str) -> list[str]:
        found = await asyncio.to_thread(self._ledger.owners, book, INTEGRATION, f"{type_}\n")
        return [stream for _, stream in found]

    def _unsubscribe(self, doing: Doing) -> str:
        action, customer = doing.action, doing.customer
        if is_transactional(action) or customer is None or action["personal"].get("to"):
            return ""
        channel = _KINDS[action["type"]]
        return self._unsubscribe_url(doing.step.book, customer.id, channel)


def recipient_of(action: Action, customer: Customer | None) -> str | Skipped:
    """Whom it is for: who is named, else the customer, if they may be written to."""
    if action["type"] == "send_notification":
        return ""
    named: str | None = action["personal"].get("to")
    if named:
        return named
    if customer is None or customer.deleted:
        return Skipped("nobody is known whom it is for")
    channel, field = _KINDS[action["type"]], _ADDRESSES[action["type"]]
    address: str | None = customer.personal[field]  # type: ignore[literal-required]
    if not address:
        return Skipped(f"the customer has no {field}")
    return why_not(action, customer, channel) or address


def why_not(action: Action, customer: Customer, channel: str) -> Skipped | None:
    """Why a customer is not written to by a channel; None: they may be."""
    consent = customer.consents.get(channel)
    if consent is None:
        if action["config"].get("requires_consent"):
            return Skipped(f"the customer has not consented to {channel}")
        return None
    if consent["given"] or (is_transactional(action) and consent["reason"] not in _NEVER):
        return None
    return Skipped(f"the customer has withdrawn consent to {channel}: {consent['reason']}")


def is_transactional(action: Action) -> bool:
    return bool(action["config"].get("transactional"))


def _message(
    doing: Doing, recipient: str, rendered: Rendered, organization: Organization, url: str
) -> Message:
    match doing.action["type"]:
        case "send_email":
            to_customer = not doing.action["personal"].get("to")
            customer = doing.customer if to_customer else None
            return Email(
                to=recipient,
                subject=rendered.subject or "",
                text=rendered.text,
                html=rendered.html,
                key=doing.key,
                at=datetime.fromisoformat(doing.step.started_at),
                to_name=(customer and customer.personal["name"]) or "",
                from_name=organization.stated_name or "",
                reply_to=doing.action["personal"].get("reply_to"),
                unsubscribe_url=url or None,
            )
        case "send_sms":
            return Sms(to=recipient, text=rendered.text, key=doing.key)
        case _:
            return Notification(text=rendered.text, key=doing.key)
