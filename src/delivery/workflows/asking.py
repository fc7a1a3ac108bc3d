"""Asking: whether the conditions of a rule are met, reading only what they are about."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from delivery.subjects import Occurrence
from delivery.workflows.circumstances import Circumstances, circumstances_of
from delivery.workflows.conditions import (
    Conditions,
    asks_customer,
    asks_money,
    met_by_customer,
    met_by_money,
    met_by_what_happened,
)
from delivery.workflows.customer_money import CustomerMoney
from delivery.workflows.past import Past
from domain.customer import Customer


class Asking:
    """What a customer was, and had spent, is asked as of a position of the book."""

    def __init__(self, past: Past, money: CustomerMoney) -> None:
        self._past = past
        self._money = money

    async def met(
        self,
        conditions: Conditions,
        occurrence: Occurrence,
        *,
        by: int,
        circumstances: Circumstances | None = None,
        happened_by: datetime | None = None,
    ) -> bool:
        """Whether all of them are; may raise ViewsAreLate.

        ``circumstances``: those of what the fact is about, where it does not say them itself.
        ``happened_by``: what was spent by then counts, whenever it was recorded.
        """
        asked = circumstances or circumstances_of(occurrence)
        book = occurrence.stored.book
        if not met_by_what_happened(conditions, asked):
            return False
        if asks_customer(conditions):
            customer = await self.customer(book, asked.customer_id, by=by)
            if not met_by_customer(conditions, customer):
                return False
        if not asks_money(conditions):
            return True
        if asked.customer_id is None:
            return False
        spent = await self._money.spent(book, asked.customer_id, by=by, happened_by=happened_by)
        return met_by_money(conditions, spent, asked.currency)

    async def read_ahead(
        self, conditions: Conditions, occurrences: Sequence[Occurrence], *, by: int
    ) -> None:
        """Reads at once what `met` will ask of their customers' money."""
        if not (occurrences and asks_money(conditions)):
            return
        asked = [circumstances_of(each) for each in occurrences]
        whom = {
            each.customer_id
            for each in asked
            if each.customer_id and met_by_what_happened(conditions, each)
        }
        await self._money.read_ahead(occurrences[0].stored.book, sorted(whom), by=by)

    async def customer(self, book: str, customer_id: str | None, *, by: int) -> Customer | None:
        """As they were by that position."""
        if customer_id is None:
            return None
        return await asyncio.to_thread(self._past.as_of, Customer, book, customer_id, by=by)
