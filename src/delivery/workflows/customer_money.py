"""Customer money: what a customer had paid, and been given back, by a position of the book.

The views say which payments are theirs; what counts are the facts of these, so the answer is exact
as of any position, however late or early the views are read.
"""

import asyncio
import sys
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from domain.fact import Fact
from domain.payment import Payment
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.engine.live.reader import Views
from projections.paid_payments import paid_payments

# The payments of customers of a book that brought money, each with whose it is, as of a position.
PaymentsOf = Callable[[str, Sequence[str]], Awaitable[tuple[Sequence[tuple[str, str]], int]]]

_MOST_REMEMBERED: Final = 1024
_STREAMS_AT_ONCE: Final = 200


class ViewsAreLate(Exception):  # noqa: N818 (it is asked again, and nothing is decided meanwhile)
    """The views do not know yet what happened by then."""


@dataclass(frozen=True, slots=True)
class Spent:
    """How many payments succeeded, and what is left of them, by currency."""

    successes: int = 0
    kept: dict[str, int] = field(default_factory=dict)

    def lifetime_value(self, currency: str | None) -> int:
        return self.kept.get(currency or "", 0)


@dataclass(frozen=True, slots=True)
class _Movement:
    position: int
    occurred_at: datetime
    currency: str
    amount: int
    success: int


@dataclass(frozen=True, slots=True)
class _Known:
    upto: int
    movements: list[_Movement]


class CustomerMoney:
    """What customers had spent; asked again only for what came after what was read."""

    def __init__(self, ledger: Ledger, payments_of: PaymentsOf) -> None:
        self._ledger = ledger
        self._payments_of = payments_of
        self._mapper = FactMapper()
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()

    async def spent(
        self, book: str, customer_id: str, *, by: int, happened_by: datetime | None = None
    ) -> Spent:
        """With the facts up to that position. Raises ViewsAreLate.

        ``happened_by``: instead with what had happened by then, whenever it was recorded; of one
        moment, what was recorded by the position.
        """
        known = self._known_of(book, customer_id, by)
        if known is None:
            await self._read(book, [customer_id])
            known = self._known_of(book, customer_id, by)
        if known is None:
            raise ViewsAreLate
        if happened_by is not None:
            until = (happened_by, by)
            moved = known.movements
            return _added_up([one for one in moved if (one.occurred_at, one.position) <= until])
        places = [each.position for each in known.movements]
        return _added_up(known.movements[: bisect_right(places, by)])

    async def read_ahead(self, book: str, customers: Iterable[str], *, by: int) -> None:
        """Reads at once what will be asked of each of them, not more than are remembered."""
        unknown = [each for each in customers if self._known_of(book, each, by) is None]
        if unknown:
            await self._read(book, unknown[:_MOST_REMEMBERED])

    def _known_of(self, book: str, customer_id: str, by: int) -> _Known | None:
        known = self._known.get((book, customer_id))
        return None if known is None or known.upto < by else known

    async def _read(self, book: str, customers: Sequence[str]) -> None:
        paid, upto = await self._payments_of(book, customers)
        whose = dict(paid)
        movements: dict[str, list[_Movement]] = {each: [] for each in customers}
        streams = list(whose)
        for begin in range(0, len(streams), _STREAMS_AT_ONCE):
            some = streams[begin : begin + _STREAMS_AT_ONCE]
            parts = dict.fromkeys(some, (0, sys.maxsize))
            for stored in await asyncio.to_thread(self._ledger.read_parts, book, parts):
                if stored.position <= upto:
                    customer_id = whose[stored.stream]
                    fact = self._mapper.decode(stored)
                    movements[customer_id] += _moved(stored.position, fact, customer_id)
        for customer_id, moved in movements.items():
            known = _Known(upto, sorted(moved, key=lambda each: each.position))
            self._remember((book, customer_id), known)

    def _remember(self, key: tuple[str, str], known: _Known) -> None:
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)


def payments_of(views: Views) -> PaymentsOf:
    """As the views know them."""

    async def ask(book: str, customers: Sequence[str]) -> tuple[Sequence[tuple[str, str]], int]:
        found = await views.ask(book, lambda db: paid_payments(db, book, customers))
        return found.result, found.position

    return ask


def _moved(position: int, fact: Fact, customer_id: str) -> Iterator[_Movement]:
    """What a fact changes, if the payment was the customer's by then."""
    match fact:
        case Payment.Event() if fact.customer_id != customer_id:
            return
        case Payment.Succeeded():
            yield _Movement(position, fact.occurred_at, fact.currency, fact.captured_amount, 1)
        case Payment.Refunded():
            yield _Movement(position, fact.occurred_at, fact.currency, -fact.refund_amount, 0)
        case Payment.DisputeLost():
            yield _Movement(position, fact.occurred_at, fact.currency, -fact.disputed_amount, 0)
        case Payment.CustomerAttached() if fact.succeeded_at is not None:
            back = sum(each["amount"] for each in (*fact.refunds, *fact.disputes_lost))
            left = fact.captured_amount - back
            yield _Movement(position, fact.occurred_at, fact.currency, left, 1)


def _added_up(movements: Sequence[_Movement]) -> Spent:
    kept: dict[str, int] = defaultdict(int)
    for each in movements:
        kept[each.currency] += each.amount
    return Spent(sum(each.success for each in movements), dict(kept))
