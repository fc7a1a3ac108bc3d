"""Subscription commands: create, change, pause, resume, cancel."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from commands.billing import renew_when_due, up_to_date
from commands.fields import (
    Amount,
    ChangingCommand,
    Command,
    CurrencyCode,
    LongText,
    Metadata,
    Text,
    canonical_method,
)
from commands.handling.unit_of_work import UnitOfWork
from commands.payers import payer
from commands.unsupported_fields import MONEY_ELSEWHERE
from domain.subscription import Plan, Subscription

_METHODS = ("card", "mobile_money", "bank_transfer", "ussd")


def _method(text: str) -> str:
    """The way to pay as it was said, once it is known which one is meant."""
    if canonical_method(text) not in _METHODS:
        raise ValueError(f"is not one of {', '.join(_METHODS)}")
    return text


def _plain(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


MethodAsSaid = Annotated[Text, AfterValidator(_method), Field(examples=["momo"])]
PlanId = Annotated[Text, Field(min_length=1)]
IntervalName = Annotated[Literal["monthly", "yearly"], BeforeValidator(_plain)]


class CreateSubscription(Command):
    """``customer_id`` may be any name of theirs; the first period is billed at once."""

    unsupported = MONEY_ELSEWHERE

    customer_id: Text
    plan_id: PlanId
    amount: Amount
    currency: CurrencyCode
    method: MethodAsSaid
    interval: IntervalName
    metadata: Metadata = Field(default_factory=dict)


class UpdateSubscription(ChangingCommand):
    """What is left out stays as it is; the changes show on the next invoice."""

    unsupported = MONEY_ELSEWHERE | {"currency"}

    plan_id: PlanId | None = None
    amount: Amount | None = None
    interval: IntervalName | None = None
    method: MethodAsSaid | None = None
    metadata: Metadata | None = None

    @model_validator(mode="before")
    @classmethod
    def _keep_what_cannot_be_cleared(cls, body: Any) -> Any:
        if not isinstance(body, Mapping):
            return body
        for name in cls.model_fields.keys() - {"metadata"}:
            if name in body and body[name] is None:
                raise ValueError(f"{name} cannot be cleared")
        return body

    @property
    def changes(self) -> dict[str, Any]:
        stated = self.model_dump(include=self.model_fields_set)
        return stated | ({"metadata": stated["metadata"] or {}} if "metadata" in stated else {})


class PauseSubscription(Command):
    reason: LongText | None = None


class ResumeSubscription(Command):
    pass


class CancelSubscription(Command):
    reason: LongText | None = None


async def create_subscription(work: UnitOfWork, command: CreateSubscription) -> Subscription:
    customer = await payer(work, command.customer_id)
    plan = Plan(**command.model_dump(exclude={"customer_id"}))  # type: ignore[typeddict-item]
    subscription = Subscription.create(
        work.ids.new("sub"), customer_id=customer.id, plan=plan, now=work.now
    )
    work.add(subscription)
    await renew_when_due(work, subscription)
    return subscription


async def update_subscription(
    work: UnitOfWork, subscription_id: str, command: UpdateSubscription
) -> Subscription:
    subscription = await up_to_date(work, subscription_id)
    subscription.update(command.changes, work.now)
    return subscription


async def pause_subscription(
    work: UnitOfWork, subscription_id: str, command: PauseSubscription
) -> Subscription:
    subscription = await up_to_date(work, subscription_id)
    subscription.pause(work.now, reason=command.reason)
    return subscription


async def resume_subscription(work: UnitOfWork, subscription_id: str) -> Subscription:
    subscription = await work.load_for_update(Subscription, subscription_id)
    subscription.resume(work.now)
    return subscription


async def cancel_subscription(
    work: UnitOfWork, subscription_id: str, command: CancelSubscription
) -> Subscription:
    subscription = await up_to_date(work, subscription_id)
    subscription.cancel(work.now, reason=command.reason)
    return subscription
