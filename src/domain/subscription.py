"""A subscription: a customer pays the same plan again and again, period after period."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, Self, TypedDict, cast

from eventsourcing.domain import event

from domain.errors import NotFound, RuleBroken
from domain.fact import Entity, Fact, FirstFact
from domain.money import must_be_money

SubscriptionStatus = Literal["active", "paused", "canceled"]
Interval = Literal["monthly", "yearly"]

_MONTHS: Final[dict[str, int]] = {"monthly": 1, "yearly": 12}


class Plan(TypedDict):
    """What is billed, how and how often; `method` as it was said, `metadata` the merchant's own."""

    plan_id: str
    amount: int
    currency: str
    method: str
    interval: str
    metadata: dict[str, Any]


class SubscriptionNotFound(NotFound):
    code = "subscription_not_found"

    def __init__(self, subscription_id: str) -> None:
        super().__init__(f"no subscription {subscription_id}", subscription_id=subscription_id)


class WrongStatus(RuleBroken):
    def __init__(self, action: str, status: str) -> None:
        super().__init__(
            f"cannot {action} a subscription that is {status}", status=status, action=action
        )


class SubscriptionCancelled(RuleBroken):
    code = "subscription_cancelled"

    def __init__(self, action: str) -> None:
        super().__init__(
            f"cannot {action} a subscription that is canceled", status="canceled", action=action
        )


class Subscription(Entity):
    TOPIC = "subscription"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return SubscriptionNotFound(stream)

    # Every fact says whose it is, the status before and after, and when the next period begins:
    # never, while it is not active.
    class Event(Fact):
        """What happened to a subscription."""

        TOPIC = "subscription.event"
        customer_id: str
        previous_status: str | None
        status: str
        next_renewal_at: datetime | None

        def apply(self, aggregate: "Subscription") -> None:
            aggregate.status = cast(SubscriptionStatus, self.status)
            aggregate.next_renewal_at = self.next_renewal_at
            aggregate.updated_at = max(aggregate.updated_at, self.occurred_at)

    # The first two carry the whole plan as it is from then on: a reader never merges.
    class Created(Event, FirstFact):
        """A customer subscribed to a plan; the first period begins at once."""

        TOPIC = "subscription.created"
        plan: Plan

    class Updated(Event):
        """The plan changed, from the next invoice on; the fact holds all of it."""

        TOPIC = "subscription.updated"
        plan: Plan

    class Renewed(Event):
        """A period began and was billed; `period` counts them, the first one included."""

        TOPIC = "subscription.renewed"
        period: int
        period_start: datetime
        period_end: datetime
        invoice_id: str

    class Paused(Event):
        """Nothing is billed from here on, until somebody resumes it."""

        TOPIC = "subscription.paused"
        reason: str | None

    class Resumed(Event):
        """Billing goes on, with the period that begins next."""

        TOPIC = "subscription.resumed"

    class Canceled(Event):
        """Nothing will be billed any more."""

        TOPIC = "subscription.canceled"
        reason: str | None

    @classmethod
    def create(cls, subscription_id: str, *, customer_id: str, plan: Plan, now: datetime) -> Self:
        must_be_money(plan["currency"], now)
        return cls._create(
            cls.Created,
            id=subscription_id,
            timestamp=now,
            occurred_at=now,
            customer_id=customer_id,
            previous_status=None,
            status="active",
            next_renewal_at=now,
            plan=plan,
        )

    def __init__(self, customer_id: str, plan: Plan, occurred_at: datetime) -> None:
        self.customer_id = customer_id
        self.plan = plan
        self.status: SubscriptionStatus = "active"
        self.status_reason: str | None = None
        self.created_at = occurred_at
        self.updated_at = occurred_at
        self.next_renewal_at: datetime | None = occurred_at
        self.period = 0
        # Before the first period: a moment.
        self.period_start = occurred_at
        self.period_end = occurred_at
        self.latest_invoice_id: str | None = None

    @property
    def wakes_at(self) -> datetime | None:
        return self.next_renewal_at

    @property
    def title(self) -> str:
        """What payments say they are for."""
        named = self.plan["metadata"].get("plan_name")
        return named if isinstance(named, str) and named else self.plan["plan_id"]

    def is_due(self, now: datetime) -> bool:
        return self.next_renewal_at is not None and self.next_renewal_at <= now

    def update(self, changes: Mapping[str, Any], now: datetime) -> None:
        """Changes the plan from the next invoice on; no change records nothing."""
        self._must_be(("active", "paused"), "update")
        plan = Plan(**{**self.plan, **changes})  # type: ignore[typeddict-item]
        if plan != self.plan:
            self._record(self.Updated, now, plan=plan)

    def renew(self, invoice_id: str, now: datetime) -> None:
        """Begins the period whose time has come, however long ago that was."""
        begins = self.next_renewal_at
        if begins is None or begins > now:
            raise WrongStatus("renew", f"{self.status} and not due")
        ends = self._boundary_after(begins)
        self._record(
            self.Renewed,
            now,
            next_renewal_at=ends,
            period=self.period + 1,
            period_start=begins,
            period_end=ends,
            invoice_id=invoice_id,
        )

    def pause(self, now: datetime, *, reason: str | None = None) -> None:
        self._must_be(("active",), "pause")
        self._record(self.Paused, now, status="paused", next_renewal_at=None, reason=reason)

    def resume(self, now: datetime) -> None:
        """Goes on at the first boundary after now: what was missed meanwhile is not billed."""
        self._must_be(("paused",), "resume")
        begins = self.period_end
        while begins <= now:
            begins = self._boundary_after(begins)
        self._record(self.Resumed, now, status="active", next_renewal_at=begins)

    def cancel(self, now: datetime, *, reason: str | None = None) -> None:
        self._must_be(("active", "paused"), "cancel")
        self._record(self.Canceled, now, status="canceled", next_renewal_at=None, reason=reason)

    def _boundary_after(self, boundary: datetime) -> datetime:
        return boundary_after(boundary, self.plan["interval"], day=self.created_at.day)

    def _must_be(self, statuses: tuple[str, ...], action: str) -> None:
        if self.status == "canceled":
            raise SubscriptionCancelled(action)
        if self.status not in statuses:
            raise WrongStatus(action, self.status)

    def _record(
        self, fact: type[Fact], now: datetime, occurred_at: datetime | None = None, **values: Any
    ) -> None:
        repeated = {
            "customer_id": self.customer_id,
            "previous_status": self.status,
            "status": self.status,
            "next_renewal_at": self.next_renewal_at,
        }
        super()._record(fact, now, occurred_at, **(repeated | values))

    @event(Updated)
    def _on_updated(self, plan: Plan) -> None:
        self.plan = plan

    @event(Renewed)
    def _on_renewed(
        self, period: int, period_start: datetime, period_end: datetime, invoice_id: str
    ) -> None:
        self.period = period
        self.period_start = period_start
        self.period_end = period_end
        self.latest_invoice_id = invoice_id

    @event(Paused)
    def _on_paused(self, reason: str | None) -> None:
        self.status_reason = reason

    @event(Resumed)
    def _on_resumed(self) -> None:
        self.status_reason = None

    @event(Canceled)
    def _on_canceled(self, reason: str | None) -> None:
        self.status_reason = reason


def boundary_after(boundary: datetime, interval: str, *, day: int) -> datetime:
    """Where the period ends that begins at a boundary: on the same day of a later month.

    ``day``: of the month in which it all began; a shorter month ends it on its last one.
    """
    years, month = divmod(boundary.month - 1 + _MONTHS[interval], 12)
    year, month = boundary.year + years, month + 1
    return boundary.replace(year=year, month=month, day=min(day, monthrange(year, month)[1]))
