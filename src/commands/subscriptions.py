"""Subscription commands: create, change, pause, resume, cancel."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from commands import collection
from commands.billing import renew_when_due, up_to_date
from commands.fields import (
    Amount,
    ChangingCommand,
    Command,
    CurrencyCode,
    DayOrMoment,
    LongText,
    Metadata,
    Text,
    canonical_method,
)
from commands.handling.unit_of_work import UnitOfWork
from commands.payers import payer
from commands.unsupported_fields import MONEY_ELSEWHERE
from domain.subscription import Plan, Subscription

# As many as two years have.
MOST_TRIAL_DAYS: Final = 730

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
    """``customer_id`` may be any name of theirs; the first period is billed at once.

    Unless it begins later (``start_date``), or with a trial, which is billed when it ends: one of
    ``trial_days`` and ``trial_end``. With ``cancel_at_period_end`` it ends with its first period,
    or with the trial.
    """

    unsupported = MONEY_ELSEWHERE

    customer_id: Text
    plan_id: PlanId
    amount: Amount
    currency: CurrencyCode
    method: MethodAsSaid
    interval: IntervalName
    metadata: Metadata = Field(default_factory=dict)
    start_date: DayOrMoment | None = None
    trial_days: Annotated[int, Field(strict=True, ge=1, le=MOST_TRIAL_DAYS)] | None = None
    trial_end: DayOrMoment | None = None
    cancel_at_period_end: bool = False

    @model_validator(mode="after")
    def _has_one_trial(self) -> Self:
        if self.trial_days is not None and self.trial_end is not None:
            raise ValueError("give trial_days or trial_end, not both")
        return self


class UpdateSubscription(ChangingCommand):
    """What is left out stays as it is; the changes show on the next invoice.

    ``cancel_at_period_end`` makes it end with the period that is paid, or, false, go on after all.
    """

    unsupported = MONEY_ELSEWHERE | {"currency", "status"}

    plan_id: PlanId | None = None
    amount: Amount | None = None
    interval: IntervalName | None = None
    method: MethodAsSaid | None = None
    metadata: Metadata | None = None
    cancel_at_period_end: bool | None = None

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
        """Of the plan."""
        stated = self.model_dump(include=self.model_fields_set - {"cancel_at_period_end"})
        return stated | ({"metadata": stated["metadata"] or {}} if "metadata" in stated else {})


class PauseSubscription(Command):
    unsupported = MONEY_ELSEWHERE

    reason: LongText | None = None


class ResumeSubscription(Command):
    unsupported = MONEY_ELSEWHERE


class CancelSubscription(Command):
    """At once, or with the period that is paid."""

    unsupported = MONEY_ELSEWHERE

    reason: LongText | None = None
    cancel_at_period_end: bool = False


async def create_subscription(work: UnitOfWork, command: CreateSubscription) -> Subscription:
    customer = await payer(work, command.customer_id)
    # Whoever deletes them waits, and ends this one too.
    await work.lock(customer.id)
    plan = Plan(**command.model_dump(include=set(Plan.__annotations__)))  # type: ignore[typeddict-item]
    subscription = Subscription.create(
        work.ids.new("sub"),
        customer_id=customer.id,
        plan=plan,
        now=work.now,
        starts_at=command.start_date,
        trial_days=command.trial_days,
        trial_end=command.trial_end,
    )
    await collection.begin(work, customer, subscription)
    if command.cancel_at_period_end:
        subscription.last_for_one_period(work.now)
    await renew_when_due(work, subscription)
    return subscription


async def update_subscription(
    work: UnitOfWork, subscription_id: str, command: UpdateSubscription
) -> Subscription:
    subscription = await up_to_date(work, subscription_id)
    subscription.update(command.changes, work.now)
    if command.cancel_at_period_end:
        await collection.schedule_end(work, subscription)
    elif command.cancel_at_period_end is not None:
        subscription.revoke_end(work.now)
    return subscription


async def pause_subscription(
    work: UnitOfWork, subscription_id: str, command: PauseSubscription
) -> Subscription:
    subscription = await up_to_date(work, subscription_id)
    await collection.pause(work, subscription, reason=command.reason)
    return subscription


async def resume_subscription(work: UnitOfWork, subscription_id: str) -> Subscription:
    """A period that begins with it is billed at once."""
    subscription = await up_to_date(work, subscription_id)
    subscription.resume(work.now)
    await renew_when_due(work, subscription)
    return subscription


async def cancel_subscription(
    work: UnitOfWork, subscription_id: str, command: CancelSubscription
) -> Subscription:
    subscription = await up_to_date(work, subscription_id)
    if command.cancel_at_period_end:
        await collection.schedule_end(work, subscription, reason=command.reason)
    else:
        await collection.cancel(work, subscription, reason=command.reason)
    return subscription
