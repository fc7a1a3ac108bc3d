"""Standing of an endpoint: it is warned, and later disabled, when nothing reaches it any more."""

import contextlib
from datetime import datetime

from commands.handling.handler import CommandHandler, Context
from commands.handling.unit_of_work import UnitOfWork
from domain.errors import NotFound
from domain.webhook_endpoint import DisabledReason, WebhookEndpoint

_CONTEXT = Context(actor="delivery")


async def warn(handler: CommandHandler, book: str, stream: str, since: datetime) -> None:
    """Nothing has reached it since then; once for each time."""

    async def decide(work: UnitOfWork) -> None:
        endpoint = await work.load_for_update(WebhookEndpoint, stream)
        endpoint.warn(since, work.now)

    # Whoever was removed meanwhile need not be warned.
    with contextlib.suppress(NotFound):
        await handler.perform(book, decide, context=_CONTEXT)


async def disable(handler: CommandHandler, book: str, stream: str, reason: DisabledReason) -> None:
    """It keeps its place, and goes on from there when it is enabled."""

    async def decide(work: UnitOfWork) -> None:
        endpoint = await work.load_for_update(WebhookEndpoint, stream)
        endpoint.disable(reason, work.now)

    with contextlib.suppress(NotFound):
        await handler.perform(book, decide, context=_CONTEXT)
