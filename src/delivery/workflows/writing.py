"""Writing: what a message of a workflow says, whom it is for, and through whom it would leave."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from commands.workflow_actions import INTEGRATION_OF
from delivery.messages.channels import Message, Notification, Sms
from delivery.messages.emails import Email
from delivery.messages.templates import Compiled, Rendered, compile_template
from delivery.receipts.letters import written
from delivery.receipts.reading import Receipts
from delivery.workflows.doing import Doing, Skipped
from delivery.workflows.variables import variables_of
from domain.customer import Customer
from domain.errors import Refusal
from domain.fact import Entity
from domain.integration import INTEGRATION, Integration, usual_of
from domain.message_template import MessageTemplate
from domain.organization import Organization
from domain.payment import Payment
from domain.workflow_rule import Action
from ledger.ledger import Ledger

E = TypeVar("E", bound=Entity)
# An aggregate of a book as it is now; None when there is none.
Load = Callable[[type[E], str, str], Awaitable[E | None]]
# Where a customer of an organization says that they want no more; "" where nobody can be sent to.
UnsubscribeUrl = Callable[[Organization, str, str], str]

KINDS: Final = {"send_email": "email", "send_sms": "sms", "send_notification": "notification"}
_ADDRESSES: Final = {"send_email": "email", "send_sms": "phone"}


@dataclass(frozen=True, slots=True)
class Words:
    """What a message is written with; ``version``: of its template, 0 without one.

    None of a receipt, which is written in words of its own.
    """

    compiled: Compiled | None
    version: int = 0


class CannotBeSaid(Exception):  # noqa: N818 (it is said of the action, and tried no more)
    """There is nothing to send, or nobody to send it through, until somebody mends that."""


class Writing:
    """Writes messages and sends none."""

    def __init__(
        self,
        ledger: Ledger,
        load: Load[Any],
        *,
        unsubscribe_url: UnsubscribeUrl = lambda _organization, _customer, _channel: "",
    ) -> None:
        self._ledger = ledger
        self._load = load
        self._unsubscribe_url = unsubscribe_url
        self._receipts = Receipts(ledger)

    async def words(self, book: str, action: Action) -> Words:
        """Of the template as it is now, or as the rule says them. Raises CannotBeSaid."""
        kind: Any = KINDS[action["type"]]
        template_id, config = action["template_id"], action["config"]
        if config.get("receipt"):
            return Words(None)
        if template_id is None:
            return Words(compile_template(config.get("subject"), config["body"], kind))
        template = await self._load(MessageTemplate, book, template_id)
        if template is None or template.removed:
            raise CannotBeSaid(f"the template {template_id} is not there any more")
        compiled = compile_template(template.subject, template.body, kind)
        return Words(compiled, template.version)

    async def message(self, doing: Doing, recipient: str, words: Words) -> Message:
        """As it is sent, and as it would be. Raises MessageTooLong."""
        book = doing.book
        organization = await self._load(Organization, str(book), book.org_id)
        if organization is None:
            raise CannotBeSaid("its organization is not there any more")
        url = self._unsubscribe(doing, organization)
        variables = variables_of(
            doing.occurrence.fact,
            doing.subject,
            doing.customer,
            organization,
            unsubscribe_url=url,
        )
        if words.compiled is None:
            rendered = await asyncio.to_thread(self._receipt, doing)
        else:
            rendered = words.compiled.render(variables)
        return _message(doing, recipient, rendered, organization, url)

    def _receipt(self, doing: Doing) -> Rendered:
        """The same for ever. Raises CannotBeSaid of what was not paid."""
        try:
            receipt = self._receipts.receipt(doing.step.book, doing.subject.id)
        except Refusal as refusal:
            raise CannotBeSaid(refusal.message) from None
        if doing.action["type"] == "send_sms":
            shop = f"{receipt.shop}: " if receipt.shop else ""
            said = f"{shop}you paid {receipt.amount}. Receipt {receipt.number}"
            return Rendered(None, said, None)
        fact = doing.occurrence.fact
        return written(receipt, copy=isinstance(fact, Payment.ReceiptRequested))

    async def integration(self, book: str, action: Action) -> Integration:
        """The one that is named, else the usual one of its type. Raises CannotBeSaid."""
        named = action["integration_id"]
        type_ = INTEGRATION_OF[action["type"]]
        streams = [named] if named else await self._of_type(book, type_)
        usual = usual_of([await self._load(Integration, book, each) for each in streams])
        if usual is None:
            raise CannotBeSaid(f"there is no active integration of type {type_} to send it through")
        return usual

    async def _of_type(self, book: str, type_: str) -> list[str]:
        found = await asyncio.to_thread(self._ledger.owners, book, INTEGRATION, f"{type_}\n")
        return [stream for _, stream in found]

    def _unsubscribe(self, doing: Doing, organization: Organization) -> str:
        action, customer = doing.action, doing.customer
        if is_transactional(action) or customer is None or action["personal"].get("to"):
            return ""
        channel = KINDS[action["type"]]
        return self._unsubscribe_url(organization, customer.id, channel)


def recipient_of(action: Action, customer: Customer | None) -> str | Skipped:
    """Whom it is for: who is named, else the customer, if they may be written to."""
    if action["type"] == "send_notification":
        return ""
    named: str | None = action["personal"].get("to")
    if named:
        return named
    if customer is None or customer.deleted:
        return Skipped("nobody is known whom it is for")
    channel, field = KINDS[action["type"]], _ADDRESSES[action["type"]]
    address: str | None = customer.personal[field]  # type: ignore[literal-required]
    if not address:
        return Skipped(f"the customer has no {field}")
    return why_not(action, customer, channel) or address


def is_to_customer(action: Action) -> bool:
    """Whether it is a message to whoever it is about, and to nobody who is named."""
    return action["type"] in _ADDRESSES and not action["personal"].get("to")


def why_not(action: Action, customer: Customer, channel: str) -> Skipped | None:
    """Why a customer is not written to by a channel; None: they may be."""
    if channel not in customer.consents and action["config"].get("requires_consent"):
        return Skipped(f"the customer has not consented to {channel}")
    reason = customer.withdrawal(channel, transactional=is_transactional(action))
    if reason is None:
        return None
    return Skipped(f"the customer has withdrawn consent to {channel}: {reason}")


def is_transactional(action: Action) -> bool:
    """What its config says, else whether it is a receipt."""
    config = action["config"]
    return bool(config.get("transactional", config.get("receipt")))


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
