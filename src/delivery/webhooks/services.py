"""What all deliveries of a process share."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar

from commands.handling.handler import CommandHandler
from delivery.envelopes import DataOf
from delivery.http_client import HttpClient
from delivery.subjects import Subjects
from delivery.webhooks.previous import Previous
from ledger.clock import Clock
from ledger.facts import FactMapper
from ledger.ledger import Ledger

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Rules:
    """``backlog_per_second``: how much an endpoint is told of what is older than a minute."""

    backlog_per_second: int = 100
    retry_4xx: bool = True


@dataclass(frozen=True)
class Services:
    """``threads`` ask databases and render; all else happens on the event loop."""

    ledger: Ledger
    handler: CommandHandler
    client: HttpClient
    data_of: DataOf
    previous: Previous
    rules: Rules
    subjects: Subjects
    threads: ThreadPoolExecutor
    mapper: FactMapper = field(default_factory=FactMapper)
    sent: Counter[str] = field(default_factory=Counter)

    @property
    def clock(self) -> Clock:
        return self.handler.clock

    async def ask(self, question: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Reads. A SQLite file answers sooner than a thread is woken."""
        if self.ledger.engine.dialect.name == "sqlite":
            return question(*given, **named)
        return await self.in_a_thread(question, *given, **named)

    async def in_a_thread(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, partial(work, *given, **named))
