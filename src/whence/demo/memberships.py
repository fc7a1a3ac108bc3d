"""Demo subscriptions: who subscribes, and what their banks say when a month begins."""

import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from commands.handling.providers import Accepts, Asker, Declines, Verdict
from commands.handling.unit_of_work import UnitOfWork
from commands.subscriptions import (
    CancelSubscription,
    CreateSubscription,
    cancel_subscription,
    create_subscription,
)
from domain.payment import Payment
from domain.subscription_refusals import SubscriptionCancelled
from whence.demo.people import Country

_PANTRY_BOX: Final = "Monthly pantry box"


@dataclass(slots=True)
class Membership:
    """A subscription of one customer, begun and perhaps ended as everybody else's is."""

    customer_id: str
    country: Country
    amount: int
    method: str
    subscription_id: str | None = field(default=None, init=False)

    async def begin(self, work: UnitOfWork) -> None:
        command = CreateSubscription(
            customer_id=self.customer_id,
            plan_id="pantry-box",
            amount=self.amount,
            currency=self.country.currency,
            method=self.method,
            interval="monthly",
            metadata={"plan_name": _PANTRY_BOX},
        )
        self.subscription_id = (await create_subscription(work, command)).id

    async def end(self, work: UnitOfWork) -> None:
        assert self.subscription_id is not None  # noqa: S101 (acts are done in order)
        # Whose bank refused too often is none any more.
        with suppress(SubscriptionCancelled):
            command = CancelSubscription(reason="moved away")
            await cancel_subscription(work, self.subscription_id, command)


class Banks:
    """Eight in a hundred months begin with a refusal, and half of those are mended by a retry."""

    name = "paystack"

    def __init__(self, seed: int) -> None:
        self._seed = seed

    async def create(self, payment: Payment) -> Verdict:
        return await self.charge(payment)

    async def confirm(self, payment: Payment, asker: Asker) -> Verdict:  # noqa: ARG002 (nobody but the demo asks)
        return await self.charge(payment)

    async def charge(self, payment: Payment) -> Verdict:
        return self._say(payment, refused=0.08)

    async def retry(self, payment: Payment) -> Verdict:
        return self._say(payment, refused=0.5)

    def _say(self, payment: Payment, *, refused: float) -> Verdict:
        """The same whenever the same is asked."""
        validated = f"{self._seed} {payment.id} {payment.updated_at.isoformat()} {refused}"
        chance = random.Random(validated)  # noqa: S311 (a made-up story, not a secret)
        if chance.random() < refused:
            return Declines("insufficient_funds", "the account has not enough money")
        return Accepts(f"{self.name}-{chance.randrange(10**9):09d}")
