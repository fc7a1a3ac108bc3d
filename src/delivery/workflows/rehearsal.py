"""Rehearsal: what doing an action would come to, counted, and not done."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from delivery.messages.channels import Message, Sms, SmsSettings
from delivery.messages.templates import BadTemplate, MessageTooLong
from delivery.workflows.backtest_report import ActionCount, Example, Report
from delivery.workflows.doing import Doing, Skipped
from delivery.workflows.writing import (
    KINDS,
    CannotBeSaid,
    Words,
    Writing,
    recipient_of,
)


class Rehearsal:
    """Of the actions of one rule, into one report: their words and prices are read once."""

    def __init__(self, report: Report, writing: Writing) -> None:
        self._report = report
        self._writing = writing
        self._words: dict[int, Words] = {}
        self._prices: dict[int, SmsSettings] = {}

    async def rehearse(self, doing: Doing) -> None:
        counted = self._report.actions[doing.step.number]
        said = await self._said(doing)
        if isinstance(said, Skipped):
            counted.skipped[said.reason] += 1
            return
        counted.would_do += 1
        if isinstance(said, Sms):
            await self._add_cost(counted, doing, said)
        if said is not None and self._report.wants_examples:
            step, customer_id = doing.step, doing.circumstances.customer_id
            self._report.examples.append(Example(step.position, step.number, customer_id, said))

    async def _said(self, doing: Doing) -> Message | Skipped | None:
        """The message; None where there is none, or it is neither priced nor shown."""
        action = doing.action
        if action["type"] not in KINDS:
            if action["type"] != "webhook" and doing.circumstances.customer_id is None:
                return Skipped("nobody is known whom it is about")
            return None
        recipient = recipient_of(action, doing.customer)
        if isinstance(recipient, Skipped):
            return recipient
        if action["type"] != "send_sms" and not self._report.wants_examples:
            return None
        try:
            return await self._writing.message(doing, recipient, await self._words_of(doing))
        except (CannotBeSaid, BadTemplate, MessageTooLong) as wrong:
            return Skipped(str(wrong))

    async def _words_of(self, doing: Doing) -> Words:
        number = doing.step.number
        if number not in self._words:
            self._words[number] = await self._writing.words(doing.step.book, doing.action)
        return self._words[number]

    async def _add_cost(self, counted: ActionCount, doing: Doing, message: Sms) -> None:
        counted.segments += message.segments
        prices = await self._prices_of(doing)
        cost = prices.cost_of(message.segments)
        if cost is not None:
            counted.cost = (counted.cost or Decimal(0)) + cost
            counted.currency = prices.price_currency

    async def _prices_of(self, doing: Doing) -> SmsSettings:
        number = doing.step.number
        if number not in self._prices:
            try:
                integration = await self._writing.integration(doing.step.book, doing.action)
                self._prices[number] = SmsSettings.model_validate(_priced(integration.config))
            except (CannotBeSaid, ValidationError):
                self._prices[number] = SmsSettings()
        return self._prices[number]


def _priced(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name in SmsSettings.model_fields}
