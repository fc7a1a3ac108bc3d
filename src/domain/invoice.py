"""An invoice: one period of a subscription, and whether it has been paid."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Literal, Self, cast

from eventsourcing.domain import event

from domain.errors import NotFound, RuleBroken
from domain.fact import Counted, Entity, Fact, FirstFact
from domain.retry_policy import RetryPolicy, delay_after

# A claim of each invoice that may still be paid: `<customer>\n<subscription>\n<invoice>`.
OPEN: Final = "open_invoice"

DEFAULT_PREFIX: Final = "INV-"

# An invoice that is due is overdue when its day is over; a payer who was asked has as long.
DAYS_OF_GRACE: Final = timedelta(days=1)

InvoiceStatus = Literal["draft", "due", "paid", "failed", "canceled"]


class InvoiceNotFound(NotFound):
    code = "invoice_not_found"

    def __init__(self, invoice_id: str) -> None:
        super().__init__(f"no invoice {invoice_id}", invoice_id=invoice_id)


class WrongStatus(RuleBroken):
    def __init__(self, action: str, status: str) -> None:
        super().__init__(
            f"cannot {action} an invoice that is {status}", status=status, action=action
        )


class InvoiceAlreadyPaid(RuleBroken):
    code = "invoice_already_paid"

    def __init__(self, action: str) -> None:
        super().__init__(f"cannot {action} an invoice that is paid", status="paid", action=action)


class Invoice(Entity):
    TOPIC = "invoice"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return InvoiceNotFound(stream)

    # Every fact says whose it is, how much it is about, and how it stands from then on.
    class Event(Fact):
        """What happened to an invoice."""

        TOPIC = "invoice.event"
        subscription_id: str
        customer_id: str
        payment_id: str
        amount: int
        currency: str
        previous_status: str | None
        status: str
        retry_count: int
        next_retry_at: datetime | None

        def apply(self, aggregate: "Invoice") -> None:
            aggregate.status = cast(InvoiceStatus, self.status)
            aggregate.retry_count = self.retry_count
            aggregate.next_retry_at = self.next_retry_at
            aggregate.updated_at = max(aggregate.updated_at, self.occurred_at)

    # The policy is the one of this moment: what is decided later about retries is for later ones.
    class Issued(Event, Counted, FirstFact):
        """A period of a subscription was billed; `period` counts them, `number` all of the book."""

        TOPIC = "invoice.issued"
        COUNTED_IN = "invoice_numbers"
        class_version: ClassVar[int] = 2
        plan_id: str
        period: int
        period_start: datetime
        period_end: datetime
        due_at: datetime
        retry_policy: RetryPolicy
        metadata: dict[str, Any]
        number_prefix: str | None

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state |= {"number": None, "number_prefix": None}

        def counting(self) -> Fact:
            return _numbered(self)

    # It stands in a stream of its own, in which the ledger counts: its version is the number.
    class Numbered(Event):
        """An invoice took the next number of the book: the version of this fact."""

        TOPIC = "invoice.numbered"
        invoice_id: str

    class Paid(Event):
        """Its payment succeeded."""

        TOPIC = "invoice.paid"

    class Failed(Event):
        """Its payment failed; it is tried again at `next_retry_at`, or not by itself any more."""

        TOPIC = "invoice.failed"
        failure_code: str

    class Retried(Event):
        """The money was asked for again: by the policy, which counts, or because somebody asked."""

        TOPIC = "invoice.retried"
        by_policy: bool

    class RetriesStopped(Event):
        """It stays open, and is tried again by hand or not at all."""

        TOPIC = "invoice.retries_stopped"

    class Canceled(Event):
        """The money is not wanted any more."""

        TOPIC = "invoice.canceled"
        reason: str | None

    class Amended(Event):
        """The merchant's notes or the day it is due changed; the fact holds both."""

        TOPIC = "invoice.amended"
        due_at: datetime
        metadata: dict[str, Any]

    @classmethod
    def issue(
        cls,
        invoice_id: str,
        *,
        subscription_id: str,
        customer_id: str,
        payment_id: str,
        amount: int,
        currency: str,
        plan_id: str,
        period: int,
        period_start: datetime,
        period_end: datetime,
        retry_policy: RetryPolicy,
        number_prefix: str = DEFAULT_PREFIX,
        now: datetime,
    ) -> Self:
        return cls._create(
            cls.Issued,
            id=invoice_id,
            timestamp=now,
            occurred_at=now,
            subscription_id=subscription_id,
            customer_id=customer_id,
            payment_id=payment_id,
            amount=amount,
            currency=currency,
            previous_status=None,
            status="due",
            retry_count=0,
            next_retry_at=None,
            plan_id=plan_id,
            period=period,
            period_start=period_start,
            period_end=period_end,
            due_at=period_start,
            retry_policy=retry_policy,
            metadata={},
            number=None,
            number_prefix=number_prefix,
        )

    def __init__(
        self,
        subscription_id: str,
        customer_id: str,
        payment_id: str,
        amount: int,
        currency: str,
        plan_id: str,
        period: int,
        period_start: datetime,
        period_end: datetime,
        due_at: datetime,
        retry_policy: RetryPolicy,
        metadata: dict[str, Any],
        number: int | None,
        number_prefix: str | None,
        occurred_at: datetime,
    ) -> None:
        self.subscription_id = subscription_id
        self.customer_id = customer_id
        self.payment_id = payment_id
        self.amount = amount
        self.currency = currency
        self.plan_id = plan_id
        self.period = period
        self.period_start = period_start
        self.period_end = period_end
        self.due_at = due_at
        self.retry_policy = retry_policy
        self.metadata = metadata
        self.number = number
        self.number_prefix = number_prefix
        self.status: InvoiceStatus = "due"
        self.retry_count = 0
        self.next_retry_at: datetime | None = None
        self.asked_by_policy = True
        self.paid_at: datetime | None = None
        self.created_at = occurred_at
        self.updated_at = occurred_at

    @property
    def wakes_at(self) -> datetime | None:
        return self.next_retry_at

    @property
    def found_by(self) -> frozenset[tuple[str, str]]:
        if self.status in ("paid", "canceled"):
            return frozenset()
        return frozenset({(OPEN, f"{self.customer_id}\n{self.subscription_id}\n{self.id}")})

    @property
    def written_number(self) -> str | None:
        return written_number(self.number_prefix, self.number)

    @property
    def max_retries(self) -> int:
        return self.retry_policy["max_retries"]

    @property
    def is_used_up(self) -> bool:
        """Whether the policy has no more tries left, the last of which has just failed."""
        has_more = delay_after(self.retry_policy, self.retry_count) is not None
        return self.status == "failed" and self.asked_by_policy and not has_more

    def is_due(self, now: datetime) -> bool:
        """Whether it is time for the next try."""
        return self.next_retry_at is not None and self.next_retry_at <= now

    def must_have_failed(self) -> None:
        """Refuses to try again what has not failed."""
        self._must_be(("failed",), "retry")

    def pay(self, now: datetime, *, occurred_at: datetime | None = None) -> None:
        """Its payment succeeded, if need be after the invoice was given up."""
        self._must_be(("draft", "due", "failed", "canceled"), "pay")
        self._become("paid", self.Paid, now, occurred_at=occurred_at, next_retry_at=None)

    def fail(self, failure_code: str, now: datetime, *, collects: bool = True) -> None:
        """Its payment failed: the policy says when it is tried again.

        ``collects``: its subscription asks for money by itself; otherwise nothing is tried again.
        """
        self._must_be(("draft", "due"), "fail")
        delay = delay_after(self.retry_policy, self.retry_count) if collects else None
        self._become(
            "failed",
            self.Failed,
            now,
            next_retry_at=None if delay is None else now + delay,
            failure_code=failure_code,
        )

    def retry(self, now: datetime, *, by_policy: bool = False) -> None:
        """Asks for the money again; by hand also when the policy has no more tries."""
        self.must_have_failed()
        self._become(
            "due",
            self.Retried,
            now,
            retry_count=self.retry_count + by_policy,
            next_retry_at=None,
            by_policy=by_policy,
        )

    def stop_retries(self, now: datetime) -> None:
        """Leaves it to the merchant; one that is not tried again by itself stays as it is."""
        if self.next_retry_at is not None:
            self._record(self.RetriesStopped, now, next_retry_at=None)

    def cancel(self, now: datetime, *, reason: str | None = None) -> None:
        self._must_be(("draft", "due", "failed"), "cancel")
        self._become("canceled", self.Canceled, now, next_retry_at=None, reason=reason)

    def amend(
        self,
        now: datetime,
        *,
        metadata: Mapping[str, Any] | None = None,
        due_at: datetime | None = None,
    ) -> None:
        """Changes the merchant's notes, or the day it is due; no change records nothing."""
        if due_at is not None and due_at != self.due_at:
            self._must_be(("draft", "due", "failed"), "postpone")
        notes = self.metadata if metadata is None else dict(metadata)
        due_at = due_at or self.due_at
        if (notes, due_at) != (self.metadata, self.due_at):
            self._record(self.Amended, now, metadata=notes, due_at=due_at)

    def _must_be(self, statuses: tuple[str, ...], action: str) -> None:
        if self.status in statuses:
            return
        if self.status == "paid":
            raise InvoiceAlreadyPaid(action)
        raise WrongStatus(action, self.status)

    def _become(
        self,
        status: InvoiceStatus,
        fact: type[Fact],
        now: datetime,
        **values: Any,
    ) -> None:
        self._record(fact, now, status=status, **values)

    def _record(
        self, fact: type[Fact], now: datetime, occurred_at: datetime | None = None, **values: Any
    ) -> None:
        repeated = {
            "subscription_id": self.subscription_id,
            "customer_id": self.customer_id,
            "payment_id": self.payment_id,
            "amount": self.amount,
            "currency": self.currency,
            "previous_status": self.status,
            "status": self.status,
            "retry_count": self.retry_count,
            "next_retry_at": self.next_retry_at,
        }
        super()._record(fact, now, occurred_at, **(repeated | values))

    @event(Paid)
    def _on_paid(self, occurred_at: datetime) -> None:
        self.paid_at = occurred_at

    @event(Retried)
    def _on_retried(self, by_policy: bool) -> None:  # noqa: FBT001 (as the fact has it)
        self.asked_by_policy = by_policy

    @event(Amended)
    def _on_amended(self, due_at: datetime, metadata: dict[str, Any]) -> None:
        self.due_at = due_at
        self.metadata = metadata


def written_number(prefix: str | None, number: int | None) -> str | None:
    """As it stands on the invoice; those of release 0.1.0 have none."""
    return None if number is None else f"{prefix or ''}{number:06}"


def _numbered(issued: Invoice.Issued) -> Invoice.Numbered:
    # Its version is the ledger's to give.
    repeated = {field.name: getattr(issued, field.name) for field in fields(Invoice.Event)}
    told = repeated | {
        "originator_id": issued.COUNTED_IN,
        "originator_version": 1,
        "invoice_id": issued.originator_id,
    }
    return Invoice.Numbered(**told)
