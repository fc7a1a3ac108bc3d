"""Rehearsal: what doing an action would come to, counted, and not done."""

from collections.abc import Mapping, Sequence
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
    is_to_customer,
    recipient_of,
)
from domain.integration import Integration
from domain.workflow_rule import Action


class Rehearsal:
    """Of the actions of one rule, into one report: words and integrations are read once."""

    def __init__(self, report: Report, writing: Writing) -> None:
        self._report = report
        self._writing = writing
        self._words: dict[int, Words] = {}
        self._prices: dict[int, SmsSettings] = {}

    async def begin(self, book: str, actions: Sequence[Action]) -> None:
        """Finds out through what each of them would leave, and what that costs."""
        for number, action in enumerate(actions):
            through = await self._through(book, action)
            self._report.actions[number].integration_id = through.id if through else None
            self._prices[number] = _prices_of(through)

    async def rehearse(self, doing: Doing) -> None:
        counted = self._report.actions[doing.step.number]
        said = await self._said(doing)
        if isinstance(said, Skipped):
            counted.skipped[said.reason] += 1
            return
        counted.would_do += 1
        step, customer_id = doing.step, doing.circumstances.customer_id
        if customer_id and is_to_customer(doing.action):
            self._report.messages[customer_id] += 1
        if isinstance(said, Sms):
            self._add_cost(counted, doing, said)
        if said is not None and self._report.wants_examples:
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

    def _add_cost(self, counted: ActionCount, doing: Doing, message: Sms) -> None:
        counted.segments += message.segments
        prices = self._prices[doing.step.number]
        cost = prices.cost_of(message.segments)
        if cost is not None:
            counted.cost = (counted.cost or Decimal(0)) + cost
            counted.currency = prices.price_currency

    async def _through(self, book: str, action: Action) -> Integration | None:
        """None: through none, or there is none that could be used."""
        if action["type"] not in KINDS and action["integration_id"] is None:
            return None
        try:
            return await self._writing.integration(book, action)
        except CannotBeSaid:
            return None


def _prices_of(integration: Integration | None) -> SmsSettings:
    try:
        return SmsSettings.model_validate(_priced(integration.config if integration else {}))
    except ValidationError:
        return SmsSettings()


def _priced(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name in SmsSettings.model_fields}
