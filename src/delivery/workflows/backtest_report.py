"""Backtest report: what would have come of a rule, counted, with examples."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from heapq import nsmallest
from typing import Final

from delivery.messages.channels import Message

_EXAMPLES: Final = 3
_PEOPLE: Final = 100


@dataclass
class ActionCount:
    """What would have come of one action; ``cost`` of its segments, where a price is known.

    ``integration_id``: through which it would leave now; None: through none, or there is none.
    """

    type: str
    integration_id: str | None = None
    would_do: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    segments: int = 0
    cost: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Example:
    """A message as it would have been sent."""

    position: int
    action: int
    customer_id: str | None
    message: Message


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of whom it would have followed; ``messages`` that would have reached them."""

    customer_id: str
    executions: int
    messages: int


@dataclass
class Report:
    """``since``: from when on it was looked; later than asked for, if there was too much."""

    since: datetime
    actions: list[ActionCount]
    is_complete: bool = True
    facts: int = 0
    executions: int = 0
    per_customer: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    per_hour: Counter[str] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)

    def stop_at(self, moment: datetime) -> None:
        """What happened before is not looked at."""
        self.since, self.is_complete = max(self.since, moment), False

    def count(self, customer_id: str | None, due_at: str) -> None:
        """An execution, and when it would have been its turn."""
        self.executions += 1
        if customer_id:
            self.per_customer[customer_id] += 1
        self.per_hour[f"{due_at[:13]}:00:00Z"] += 1

    @property
    def people(self) -> list[Person]:
        """The first hundred, those who would have been told most often first."""
        each = (
            Person(customer_id, executions, self.messages[customer_id])
            for customer_id, executions in self.per_customer.items()
        )
        return nsmallest(
            _PEOPLE, each, lambda one: (-one.messages, -one.executions, one.customer_id)
        )

    @property
    def wants_examples(self) -> bool:
        return len(self.examples) < _EXAMPLES
