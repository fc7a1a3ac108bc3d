"""A subscription: a customer pays the same plan again and again, period after period."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Literal, Self, TypedDict, cast

from eventsourcing.domain import event

from domain.billing_calendar import boundary_after, check_start, check_trial
from domain.errors import NotFound
from domain.fact import Entity, Fact, FirstFact
from domain.money import must_be_money
from domain.subscription_refusals import SubscriptionCancelled, SubscriptionNotFound, WrongStatus

SubscriptionStatus = Literal["active", "paused", "canceled"]
Interval = Literal["monthly", "yearly"]

# A claim of each subscription that has not ended: `<customer>\n<subscription>`.
OF_CUSTOMER: Final = "customer_subscription"


class Plan(TypedDict):
    """What is billed, how and how often; `method` as it was said, `metadata` the merchant's own."""

    plan_id: str
    amount: int
    currency: str
    method: str
    interval: str
    metadata: dict[str, Any]


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
        """A customer subscribed to a plan; the first period begins when a trial has ended."""

        TOPIC = "subscription.created"
        class_version: ClassVar[int] = 2
        plan: Plan
        starts_at: datetime
        trial_end: datetime | None

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state |= {"starts_at": state["occurred_at"], "trial_end": None}

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
        """Billing goes on: a new period begins at `restarts_at`, or, null, the old one goes on."""

        TOPIC = "subscription.resumed"
        class_version: ClassVar[int] = 2
        restarts_at: datetime | None

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["restarts_at"] = None

    class EndScheduled(Event):
        """It ends at `ends_at`, with a period that is paid, and is not billed after that."""

        TOPIC = "subscription.end_scheduled"
        ends_at: datetime
        reason: str | None

    class EndRevoked(Event):
        """It goes on after the period that was to be its last."""

        TOPIC = "subscription.end_revoked"

    class Canceled(Event):
        """Nothing will be billed any more."""

        TOPIC = "subscription.canceled"
        reason: str | None

        @property
        def is_history(self) -> bool:
            """Never: it ended by the clock, and it was this service that looked late."""
            return False

    @classmethod
    def create(
        cls,
        subscription_id: str,
        *,
        customer_id: str,
        plan: Plan,
        now: datetime,
        starts_at: datetime | None = None,
        trial_days: int | None = None,
        trial_end: datetime | None = None,
    ) -> Self:
        """``starts_at``: now, if nobody says it; a trial begins then, and is billed at its end."""
        must_be_money(plan["currency"], now)
        starts_at = starts_at or now
        check_start(starts_at, now)
        if trial_days is not None:
            trial_end = starts_at + timedelta(days=trial_days)
        if trial_end is not None:
            check_trial(trial_end, starts_at, now)
        return cls._create(
            cls.Created,
            id=subscription_id,
            timestamp=now,
            occurred_at=now,
            customer_id=customer_id,
            previous_status=None,
            status="active",
            next_renewal_at=trial_end or starts_at,
            plan=plan,
            starts_at=starts_at,
            trial_end=trial_end,
        )

    def __init__(
        self,
        customer_id: str,
        plan: Plan,
        starts_at: datetime,
        trial_end: datetime | None,
        occurred_at: datetime,
    ) -> None:
        self.customer_id = customer_id
        self.plan = plan
        self.status: SubscriptionStatus = "active"
        self.status_reason: str | None = None
        self.created_at = occurred_at
        self.updated_at = occurred_at
        self.starts_at = starts_at
        self.trial_end = trial_end
        # The moment whose day of the month every period begins on.
        self.anchor = trial_end or starts_at
        self.next_renewal_at: datetime | None = self.anchor
        self.ends_at: datetime | None = None
        self.end_reason: str | None = None
        self.period = 0
        # Before the first period: the trial, or a moment.
        self.period_start = starts_at
        self.period_end = self.anchor
        self.latest_invoice_id: str | None = None

    @property
    def wakes_at(self) -> datetime | None:
        """The next renewal or the end, whichever comes first."""
        moments = [at for at in (self.next_renewal_at, self.ends_at) if at is not None]
        return min(moments, default=None)

    @property
    def found_by(self) -> frozenset[tuple[str, str]]:
        if self.status == "canceled":
            return frozenset()
        return frozenset({(OF_CUSTOMER, f"{self.customer_id}\n{self.id}")})

    @property
    def cancel_at_period_end(self) -> bool:
        return self.ends_at is not None

    @property
    def title(self) -> str:
        """What payments say they are for."""
        named = self.plan["metadata"].get("plan_name")
        return named if isinstance(named, str) and named else self.plan["plan_id"]

    def is_due(self, now: datetime) -> bool:
        return self.next_renewal_at is not None and self.next_renewal_at <= now

    def is_over(self, now: datetime) -> bool:
        """Whether the period has ended that was to be its last, and has been billed."""
        return self.ends_at is not None and self.ends_at <= now and self.next_renewal_at is None

    def collects(self, now: datetime) -> bool:
        """Whether money is asked for without anybody asking."""
        return self.status == "active" and not self.is_over(now)

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
            next_renewal_at=None if self.ends_at is not None else ends,
            period=self.period + 1,
            period_start=begins,
            period_end=ends,
            invoice_id=invoice_id,
        )

    def pause(self, now: datetime, *, reason: str | None = None) -> None:
        self._must_be(("active",), "pause")
        self._record(self.Paused, now, status="paused", next_renewal_at=None, reason=reason)

    def resume(self, now: datetime) -> None:
        """Goes on with the period it was paused in; when that is over, a new one begins now."""
        self._must_be(("paused",), "resume")
        restarts_at = now if self.period_end <= now else None
        begins = restarts_at or self._unless_it_ends(self.period_end)
        self._record(
            self.Resumed, now, status="active", next_renewal_at=begins, restarts_at=restarts_at
        )

    def cancel(
        self, now: datetime, *, reason: str | None = None, occurred_at: datetime | None = None
    ) -> None:
        self._must_be(("active", "paused"), "cancel")
        self._record(
            self.Canceled,
            now,
            occurred_at=occurred_at,
            status="canceled",
            next_renewal_at=None,
            reason=reason,
        )

    def schedule_end(self, now: datetime, *, reason: str | None = None) -> None:
        """Ends with the period that runs, or is about to begin; at once, when it has passed."""
        self._must_be(("active", "paused"), "cancel")
        if self.ends_at is not None:
            return
        if now < self.period_end:
            self._schedule_end(self.period_end, now, reason)
        else:
            self.cancel(now, reason=reason)

    def last_for_one_period(self, now: datetime) -> None:
        """Of a new one: ends with its first period, or, with nothing billed, with its trial."""
        first = self.period_end if self.trial_end else self._boundary_after(self.anchor)
        self._schedule_end(first, now, None)

    def revoke_end(self, now: datetime) -> None:
        """Goes on after all; one that was not to end stays as it is."""
        self._must_be(("active", "paused"), "keep")
        if self.ends_at is not None:
            begins = self.period_end if self.status == "active" else None
            self._record(self.EndRevoked, now, next_renewal_at=begins)

    def end(self, now: datetime) -> None:
        """Its last period is over, however long ago."""
        assert self.ends_at is not None  # noqa: S101 (asked by `is_over`)
        reason = self.end_reason or "cancel_at_period_end"
        self.cancel(now, reason=reason, occurred_at=self.ends_at)

    def _schedule_end(self, ends_at: datetime, now: datetime, reason: str | None) -> None:
        begins = self.next_renewal_at
        self._record(
            self.EndScheduled,
            now,
            next_renewal_at=None if begins is None or begins >= ends_at else begins,
            ends_at=ends_at,
            reason=reason,
        )

    def _unless_it_ends(self, begins: datetime) -> datetime | None:
        return None if self.ends_at is not None and self.ends_at <= begins else begins

    def _boundary_after(self, boundary: datetime) -> datetime:
        return boundary_after(boundary, self.plan["interval"], day=self.anchor.day)

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
        if self.ends_at is not None:
            self.ends_at = period_end

    @event(Paused)
    def _on_paused(self, reason: str | None) -> None:
        self.status_reason = reason

    @event(Resumed)
    def _on_resumed(self, restarts_at: datetime | None) -> None:
        self.status_reason = None
        self.anchor = restarts_at or self.anchor

    @event(EndScheduled)
    def _on_end_scheduled(self, ends_at: datetime, reason: str | None) -> None:
        self.ends_at = ends_at
        self.end_reason = reason

    @event(EndRevoked)
    def _on_end_revoked(self) -> None:
        self.ends_at = None

    @event(Canceled)
    def _on_canceled(self, reason: str | None) -> None:
        self.status_reason = reason
        self.ends_at = None
