"""Warnings: who answers for an organization is written to when a webhook endpoint is not reached.

The ledger says which warnings nobody has been told yet; each is sent through the usual email
integration of its book, and then recorded as said. So none is lost by a crash, and one that is
sent twice is the same message. Where nobody can be told, it waits until somebody can.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from commands.handling.handler import CommandHandler, Context
from commands.handling.unit_of_work import UnitOfWork
from commands.integrations import credentials_of
from delivery.looks.readers import moment_shown
from delivery.messages.emails import Email
from delivery.messages.letters import framed, html_of
from delivery.messages.providers import Senders
from delivery.webhooks.health import disabled_from
from domain.book import Book
from domain.integration import INTEGRATION, Integration, usual_of
from domain.organization import Organization
from domain.webhook_endpoint import UNSAID_WARNING, WarningOf, WebhookEndpoint
from ledger.keyring import CannotSealOrOpen
from ledger.ledger import Ledger
from ledger.supervised_threads import ThreadLog

_NOTHING_IS_LOST: Final = (
    "Nothing is lost: what happens meanwhile waits, and is told once the endpoint is reached again."
)
_CONTEXT: Final = Context(actor="delivery")
# Who cannot be told now is told later: five minutes, then an hour at most.
_FIRST_PAUSE_SECONDS: Final = 300.0
_LONGEST_PAUSE_SECONDS: Final = 3600.0


class Warner:
    """Lives on the event loop of its senders."""

    def __init__(
        self,
        ledger: Ledger,
        handler: CommandHandler,
        senders: Senders,
        *,
        its_turn: Callable[[], bool] = lambda: True,
        looks_every_seconds: float = 5,
    ) -> None:
        self._its_turn = its_turn
        self._looks_every_seconds = looks_every_seconds
        self._log = ThreadLog("warnings")
        self._ledger = ledger
        self._handler = handler
        self._senders = senders
        # By endpoint: when it is tried again, and how long after that.
        self._paused: dict[str, tuple[float, float]] = {}
        # By endpoint: up to where its book has been looked whether anybody can be told.
        self._in_vain: dict[str, int] = {}

    async def work(self) -> None:
        """Looks again and again, until it is canceled, while it is its turn."""
        while True:
            try:
                if await asyncio.to_thread(self._its_turn):
                    await self.warn()
            except Exception as error:  # noqa: BLE001 (logged, and looked again)
                self._log.note(error, "could not warn of webhook endpoints")
            await asyncio.sleep(self._looks_every_seconds)

    async def warn(self) -> int:
        """Says what has not been said yet, as far as there is somebody to say it to; how much."""
        said = 0
        books = await asyncio.to_thread(self._ledger.books_holding, UNSAID_WARNING)
        heads = await asyncio.to_thread(self._ledger.heads, books) if books else {}
        for book, head in heads.items():
            for _, stream in await asyncio.to_thread(self._ledger.owners, book, UNSAID_WARNING, ""):
                said += await self._warn_of(book, stream, head)
        return said

    async def _warn_of(self, book: str, stream: str, head: int) -> bool:
        """Where nobody can be told, somebody can once something is recorded in the book."""
        until, pause = self._paused.get(stream, (0.0, _FIRST_PAUSE_SECONDS))
        if time.monotonic() < until or self._in_vain.get(stream) == head:
            return False
        self._in_vain[stream] = head
        load = partial(self._handler.load_recent, by_now=True)
        endpoint = await load(WebhookEndpoint, book, stream)
        organization = await load(Organization, book, Book.named(book).org_id)
        if endpoint is None or endpoint.unsaid is None:
            return False
        integration = await self._usual_integration(book)
        if organization is None or not organization.contact_email or integration is None:
            return False
        del self._in_vain[stream]
        if await self._tell(book, endpoint, organization, organization.contact_email, integration):
            self._paused.pop(stream, None)
            await self._note(book, stream, endpoint.unsaid)
            return True
        longer = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        self._paused[stream] = (time.monotonic() + pause, longer)
        return False

    async def _usual_integration(self, book: str) -> Integration | None:
        found = await asyncio.to_thread(self._ledger.owners, book, INTEGRATION, "email\n")
        return usual_of(
            [
                await self._handler.load_recent(Integration, book, each, by_now=True)
                for _, each in found
            ]
        )

    async def _tell(
        self,
        book: str,
        endpoint: WebhookEndpoint,
        organization: Organization,
        contact: str,
        integration: Integration,
    ) -> bool:
        email = _written(endpoint, organization, contact)
        try:
            credentials = credentials_of(self._handler.keyring, book, integration)
        except CannotSealOrOpen as error:
            self._log.note(error, "could not warn of a webhook endpoint", book=book)
            return False
        result = await self._senders.send(
            integration.provider,
            integration.config,
            credentials,
            email,
            mode=Book.named(book).mode,
        )
        return result.status == "sent"

    async def _note(self, book: str, stream: str, warning: WarningOf) -> None:
        async def decide(work: UnitOfWork) -> None:
            endpoint = await work.load_for_update(WebhookEndpoint, stream)
            endpoint.note_warned(warning, work.now)

        await self._handler.perform(book, decide, context=_CONTEXT)


def _written(endpoint: WebhookEndpoint, organization: Organization, contact: str) -> Email:
    zone = organization.time_zone
    at = endpoint.disabled_at or endpoint.failing_since or endpoint.updated_at
    subject, words = _words(endpoint, zone)
    named = {
        "organization_name": organization.stated_name or "",
        "organization_color": organization.color or "",
    }
    return Email(
        to=contact,
        subject=subject,
        text=words,
        html=framed(html_of(words), subject, named),
        key=f"{endpoint.id}.{endpoint.unsaid}.{int(at.timestamp())}",
        at=at,
        from_name=organization.stated_name or "",
    )


def _words(endpoint: WebhookEndpoint, zone: str | None) -> tuple[str, str]:
    """Subject and text."""
    named = f"The webhook endpoint {endpoint.name} ({endpoint.url})"
    if endpoint.unsaid == "failing":
        since, off = _at(endpoint.failing_since, zone), _at(_disabled_from(endpoint), zone)
        told = (
            f"{named} has not been reached since {since}. If that stays so, it is off from {off}."
        )
        return f"Webhooks to {endpoint.name} reach nobody", f"{told}\n\n{_NOTHING_IS_LOST}\n"
    at, why = _at(endpoint.disabled_at, zone), _why(endpoint, zone)
    told = f"{named} was disabled on {at}: {why}. Enable it once it can be reached."
    return f"Webhooks to {endpoint.name} are off", f"{told}\n\n{_NOTHING_IS_LOST}\n"


def _why(endpoint: WebhookEndpoint, zone: str | None) -> str:
    if endpoint.disabled_reason == "gone":
        return "it answered that it is gone for good (410)"
    return f"nothing has reached it since {_at(endpoint.failing_since, zone)}"


def _disabled_from(endpoint: WebhookEndpoint) -> datetime | None:
    if endpoint.failing_since is None or endpoint.warned_at is None:
        return None
    return disabled_from(endpoint.failing_since, endpoint.warned_at)


def _at(moment: datetime | None, zone: str | None) -> str:
    return moment_shown(moment.isoformat(), zone) if moment else "a while ago"
