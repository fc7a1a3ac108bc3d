"""Sending: the emails, text messages and notifications that workflows say, each to whom it may."""

from commands.handling.handler import CommandHandler
from commands.integrations import credentials_of
from delivery.messages.channels import Message
from delivery.messages.providers import Senders
from delivery.messages.results import SendResult
from delivery.messages.templates import BadTemplate, MessageTooLong
from delivery.workflows.doing import Do, Doing, Done, Skipped
from delivery.workflows.writing import KINDS, CannotBeSaid, Writing, recipient_of
from domain.integration import Integration
from ledger.keyring import CannotSealOrOpen


class Sending:
    """Writes and sends; used from the event loop of its handler."""

    def __init__(self, handler: CommandHandler, senders: Senders, writing: Writing) -> None:
        self._handler = handler
        self._senders = senders
        self._writing = writing

    @property
    def actions(self) -> dict[str, Do]:
        return dict.fromkeys(KINDS, self.send)

    async def send(self, doing: Doing) -> Done | Skipped:
        recipient = recipient_of(doing.action, doing.customer)
        if isinstance(recipient, Skipped):
            return recipient
        writing, book = self._writing, doing.step.book
        try:
            integration = await writing.integration(book, doing.action)
            words = await writing.words(book, doing.action)
            message = await writing.message(doing, recipient, words)
        except (CannotBeSaid, BadTemplate, MessageTooLong) as wrong:
            return Done(SendResult("failed", error=str(wrong)))
        if doing.only_says:
            said = f"would {doing.action['type'].replace('_', ' ')} through {integration.name}"
            return Done(SendResult("sent", said), words.version, integration.id)
        result = await self._sent(doing, integration, message)
        return Done(result, words.version, integration.id)

    async def _sent(self, doing: Doing, integration: Integration, message: Message) -> SendResult:
        book = doing.book
        try:
            credentials = credentials_of(self._handler.keyring, str(book), integration)
        except CannotSealOrOpen as error:
            return SendResult("later", error=f"its credentials cannot be opened: {error}")
        return await self._senders.send(
            integration.provider, integration.config, credentials, message, mode=book.mode
        )
