"""Disabling: of an endpoint that nothing reaches any more is warned, and later it is disabled."""

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Final

from commands.handling.handler import CommandHandler, Context
from commands.handling.unit_of_work import UnitOfWork
from delivery.webhooks.health import WARNED_AFTER, Health, disabled_from
from domain.errors import NotFound
from domain.webhook_endpoint import WebhookEndpoint

_CONTEXT: Final = Context(actor="delivery")


class Disabling:
    """Of one endpoint, which keeps its place, and goes on from there when it is enabled."""

    def __init__(self, handler: CommandHandler, book: str, stream: str, health: Health) -> None:
        self._handler = handler
        self._book = book
        self._stream = stream
        self._health = health
        self._says_it_is_gone = False
        self.is_due = False

    def failed(self, *, says_it_is_gone: bool) -> None:
        """A delivery has: it is to be looked at."""
        self.is_due = True
        self._says_it_is_gone = self._says_it_is_gone or says_it_is_gone

    def forget(self) -> None:
        """What was answered before says nothing of what comes after."""
        self.is_due = self._says_it_is_gone = False

    async def look(self, endpoint: WebhookEndpoint, now: datetime) -> None:
        """After a failure: whether it is to be told nothing any more, or to be warned of."""
        is_gone, since = self._says_it_is_gone, self._health.failing_since
        self.forget()
        if is_gone:
            await self._change(lambda changed, at: changed.disable("gone", at))
        elif since is None or now - since < WARNED_AFTER:
            return
        elif endpoint.warned_at is None or endpoint.failing_since != since:
            await self._change(lambda changed, at: changed.warn(since, at))
        elif now >= disabled_from(since, endpoint.warned_at):
            await self._change(lambda changed, at: changed.disable("failing", at))

    async def _change(self, change: Callable[[WebhookEndpoint, datetime], None]) -> None:
        async def decide(work: UnitOfWork) -> None:
            change(await work.load_for_update(WebhookEndpoint, self._stream), work.now)

        # Whoever was removed meanwhile need not be warned of.
        with contextlib.suppress(NotFound):
            await self._handler.perform(self._book, decide, context=_CONTEXT)
