"""Time travel benchmark: a question about the past, the first time and asked again."""

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta

from stores import BEGINNING, LARGE, fill, opened, read_and_decode

from projections.engine.time_travel.reader import Moment, PastReader
from projections.read_models import DEFINITIONS
from projections.top_customers import top_customers

_PAYMENTS = 51_300
_AGAIN = 15


@dataclass(frozen=True)
class Asked:
    """Seconds of the first answer, for all of which the facts were folded, and of a later one."""

    facts: int
    first_seconds: float
    again_seconds: float
    read_per_second: float


def measure_past(url: str) -> Asked:
    """The ranking of a book of 100,000 facts, as of a moment about half-way through."""
    with opened(url) as ledger:
        fill(ledger, LARGE, _PAYMENTS)
        facts = ledger.head(LARGE)
        moment = Moment(as_of=BEGINNING + timedelta(seconds=15 * _PAYMENTS))
        with PastReader(ledger, DEFINITIONS, most_facts=facts, most_bytes=2**29) as past:

            async def ask() -> float:
                began = time.perf_counter()
                await past.ask(LARGE, moment, lambda views: top_customers(views, LARGE))
                return time.perf_counter() - began

            async def ask_again() -> list[float]:
                return [await ask() for _ in range(1 + _AGAIN)]

            first, *again = asyncio.run(ask_again())
        return Asked(facts, first, sorted(again)[_AGAIN // 2], read_and_decode(ledger))
