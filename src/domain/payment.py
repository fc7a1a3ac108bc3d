"""A payment: money a customer is asked for, and everything that becomes of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self, cast

from eventsourcing.domain import event

from domain.errors import NotFound
from domain.fact import Entity, Fact, FirstFact
from domain.moments import precedes
from domain.money import must_be_money
from domain.payment_refusals import (
    AlreadyAttached,
    AmountExceedsWhatIsLeft,
    AnotherCurrency,
    BeforeItsCause,
    CaptureExceedsAuthorization,
    ConfirmationDiffers,
    DisputeExceedsPayment,
    GivenUp,
    NothingPaid,
    NotPaid,
    NotPositive,
    PaidWhenCaptured,
    PaymentNotFound,
    RefundDiffers,
    RefundExceedsPayment,
    WrongStatus,
)
from domain.payment_types import (
    CaptureMethod,
    Movement,
    OpenDispute,
    RefundNote,
    Source,
    Status,
    movement,
)

_OPEN = ("pending", "requires_action", "processing")
_EDITABLE = ("pending", "requires_action")
_CANCELABLE = ("pending", "requires_action", "authorized")
_GIVEN_UP = ("canceled", "expired", "failed")
_CONFIRMED = ("authorized", "succeeded")
_COLLECTED = ("succeeded", "partially_refunded")
_DISPUTABLE = (*_COLLECTED, "refunded")


class Payment(Entity):
    TOPIC = "payment"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return PaymentNotFound(stream)

    # Every fact repeats who paid, how much, how and from where, and the status before and after,
    # so that no reader ever looks anything up.
    class Event(Fact):
        """What happened to a payment."""

        TOPIC = "payment.event"
        customer_id: str | None
        amount: int
        currency: str
        source: str
        source_id: str | None
        source_description: str | None
        method: str
        provider: str | None
        country: str | None
        previous_status: str | None
        status: str

        # What every fact repeats, the payment takes over from the latest.
        def apply(self, aggregate: "Payment") -> None:
            aggregate.customer_id = self.customer_id
            aggregate.amount = self.amount
            aggregate.method = self.method
            aggregate.provider = self.provider
            aggregate.status = cast(Status, self.status)
            aggregate.updated_at = max(aggregate.updated_at, self.occurred_at)

    class Created(Event, FirstFact):
        """Money was asked for."""

        TOPIC = "payment.created"
        reference: str | None
        description: str | None
        metadata: dict[str, Any]
        capture_method: str

    class Amended(Event):
        """The amount asked for or the metadata changed; the fact holds both as they are now."""

        TOPIC = "payment.amended"
        metadata: dict[str, Any]

    class MethodSelected(Event):
        """The payer chose another way to pay, while nothing was decided."""

        TOPIC = "payment.method_selected"
        previous_method: str
        created_at: datetime

    class CustomerAttached(Event):
        """A payment without a customer was given one, and all it brought until then with it."""

        TOPIC = "payment.customer_attached"
        created_at: datetime
        succeeded_at: datetime | None
        captured_amount: int
        refunds: list[Movement]
        disputes_lost: list[Movement]

    class ActionRequired(Event):
        """The payer must do something first: `next_action` says what."""

        TOPIC = "payment.action_required"
        next_action: dict[str, Any]

    class ProcessingStarted(Event):
        """The provider is at work; the answer comes later."""

        TOPIC = "payment.processing_started"
        provider_ref_id: str | None

    class Authorized(Event):
        """The money is set aside and waits to be captured."""

        TOPIC = "payment.authorized"
        provider_ref_id: str | None

    class PartiallyCaptured(Event):
        """A part was taken; `captured_amount` is what was taken in all until now."""

        TOPIC = "payment.partially_captured"
        captured_amount: int

    # `captured_amount` is what was collected in all: less than `amount` after a final capture
    # of a part, and less or more when something else was paid than was asked for.
    class Succeeded(Event):
        """The money is there."""

        TOPIC = "payment.succeeded"
        captured_amount: int
        provider_ref_id: str | None

    class Failed(Event):
        """The provider said no; it may be tried again."""

        TOPIC = "payment.failed"
        failure_code: str
        failure_message: str

    class Canceled(Event):
        """The merchant no longer wants the money."""

        TOPIC = "payment.canceled"
        reason: str | None

    class RestReleased(Event):
        """What was set aside and not taken was let go; what was taken stays collected."""

        TOPIC = "payment.rest_released"
        released_amount: int
        reason: str | None

    class Expired(Event):
        """Nobody paid in time."""

        TOPIC = "payment.expired"

    class Retried(Event):
        """A failed payment is tried again."""

        TOPIC = "payment.retried"

    class Refunded(Event):
        """A part of the money, or all of it, went back."""

        TOPIC = "payment.refunded"
        refund_id: str
        refund_amount: int
        reason: str | None
        provider_refund_id: str | None

    class DisputeOpened(Event):
        """The payer disputes a part of the payment, or all of it."""

        TOPIC = "payment.dispute_opened"
        dispute_id: str
        disputed_amount: int
        reason: str | None

    class DisputeWon(Event):
        """The dispute was decided for the merchant: as if nothing had happened."""

        TOPIC = "payment.dispute_won"
        dispute_id: str
        disputed_amount: int

    class DisputeLost(Event):
        """The dispute was decided against the merchant: the disputed amount is gone."""

        TOPIC = "payment.dispute_lost"
        dispute_id: str
        disputed_amount: int

    class ReceiptRequested(Event):
        """Somebody asked that the receipt be sent to the customer again."""

        TOPIC = "payment.receipt_requested"

    @classmethod
    def create(
        cls,
        payment_id: str,
        *,
        amount: int,
        currency: str,
        customer_id: str | None = None,
        source: Source = "api",
        source_id: str | None = None,
        source_description: str | None = None,
        method: str = "card",
        provider: str | None = None,
        country: str | None = None,
        reference: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        capture_method: CaptureMethod = "automatic",
        now: datetime,
        occurred_at: datetime | None = None,
    ) -> Self:
        if amount < 1:
            raise NotPositive(amount)
        must_be_money(currency, occurred_at or now)
        return cls._create(
            cls.Created,
            id=payment_id,
            timestamp=now,
            occurred_at=occurred_at or now,
            customer_id=customer_id,
            amount=amount,
            currency=currency,
            source=source,
            source_id=source_id,
            source_description=source_description,
            method=method,
            provider=provider,
            country=country,
            previous_status=None,
            status="pending",
            reference=reference,
            description=description,
            metadata=dict(metadata or {}),
            capture_method=capture_method,
        )

    def __init__(
        self,
        customer_id: str | None,
        amount: int,
        currency: str,
        source: Source,
        source_id: str | None,
        source_description: str | None,
        method: str,
        provider: str | None,
        country: str | None,
        reference: str | None,
        description: str | None,
        metadata: dict[str, Any],
        capture_method: CaptureMethod,
        occurred_at: datetime,
    ) -> None:
        self.customer_id = customer_id
        self.amount = amount
        self.currency = currency
        self.source: Source = source
        self.source_id = source_id
        self.source_description = source_description
        self.method = method
        self.provider = provider
        self.country = country
        self.reference = reference
        self.description = description
        self.metadata = metadata
        self.capture_method: CaptureMethod = capture_method
        self.status: Status = "pending"
        self.created_at = occurred_at
        self.updated_at = occurred_at
        self.provider_ref_id: str | None = None
        self.required_action: dict[str, Any] | None = None
        self.failure_code: str | None = None
        self.failure_message: str | None = None
        self.authorized_amount = 0
        self.captured_amount = 0
        self.authorized_at: datetime | None = None
        self.succeeded_at: datetime | None = None
        self.success_recorded_at: datetime | None = None
        self.refunds: list[Movement] = []
        self.refund_notes: list[RefundNote] = []
        self.disputes_lost: list[Movement] = []
        self.open_dispute: OpenDispute | None = None

    @property
    def next_action(self) -> dict[str, Any] | None:
        """What the payer must do, while there is something they must do."""
        return self.required_action if self.status == "requires_action" else None

    @property
    def is_confirmed(self) -> bool:
        """The provider has said yes: the money is there, or set aside until it is captured."""
        return self.status in _CONFIRMED

    def was_confirmed_as(self, provider: str | None, reference: str | None) -> bool:
        """Whether the provider has said so before, whatever has become of the payment since."""
        said = (self.provider, self.provider_ref_id)
        return (
            reference is not None
            and said == (provider, reference)
            and self.status in (*_CONFIRMED, *_DISPUTABLE, "partially_captured", "disputed")
        )

    @property
    def is_open(self) -> bool:
        """Nobody knows yet how the payment ends."""
        return self.status in _OPEN

    @property
    def has_just_succeeded(self) -> bool:
        """Whether what is about to be recorded makes the money be there."""
        return any(isinstance(fact, self.Succeeded) for fact in self.pending_events)

    @property
    def refunded_amount(self) -> int:
        return sum(refund["amount"] for refund in self.refunds)

    @property
    def lost_amount(self) -> int:
        return sum(dispute["amount"] for dispute in self.disputes_lost)

    @property
    def left(self) -> int:
        """What of the collected money is neither refunded nor lost in a dispute, minor units.

        Less than nothing, when a bank took what had been refunded.
        """
        return self.captured_amount - self.refunded_amount - self.lost_amount

    def amend(
        self, now: datetime, *, amount: int | None = None, metadata: Mapping[str, Any] | None = None
    ) -> None:
        """Changes the amount asked for, or the merchant's own notes, while nothing is decided."""
        self._must_be(_EDITABLE, "edit")
        amount = self.amount if amount is None else amount
        notes = self.metadata if metadata is None else dict(metadata)
        if (amount, notes) != (self.amount, self.metadata):
            self._record(self.Amended, now, amount=amount, metadata=notes)

    def select_method(self, method: str, now: datetime) -> None:
        """Takes the way to pay that the payer chose; the same as before records nothing."""
        self._must_be(_EDITABLE, "choose how to make")
        if method != self.method:
            self._record(
                self.MethodSelected,
                now,
                method=method,
                previous_method=self.method,
                created_at=self.created_at,
            )

    def attach(self, customer_id: str, now: datetime) -> None:
        """Gives a payment that had no customer its customer, whatever has become of it by then."""
        if self.customer_id == customer_id:
            return
        if self.customer_id is not None:
            raise AlreadyAttached(self.id, self.status)
        self._record(
            self.CustomerAttached,
            now,
            customer_id=customer_id,
            created_at=self.created_at,
            succeeded_at=self.succeeded_at,
            captured_amount=self.captured_amount,
            refunds=list(self.refunds),
            disputes_lost=list(self.disputes_lost),
        )

    def require_action(
        self,
        next_action: Mapping[str, Any],
        now: datetime,
        *,
        occurred_at: datetime | None = None,
    ) -> None:
        self._must_be(("pending",), "ask for an action on")
        self._become(
            "requires_action",
            self.ActionRequired,
            now,
            occurred_at=self._since_created("a request to the payer", occurred_at, now),
            next_action=dict(next_action),
        )

    def start_processing(
        self,
        now: datetime,
        *,
        provider_ref_id: str | None = None,
        occurred_at: datetime | None = None,
    ) -> None:
        self._must_be(("pending", "requires_action"), "process")
        self._become(
            "processing",
            self.ProcessingStarted,
            now,
            occurred_at=self._since_created("processing", occurred_at, now),
            provider_ref_id=provider_ref_id,
        )

    def collect(
        self,
        now: datetime,
        *,
        provider: str | None = None,
        provider_ref_id: str | None = None,
        amount: int | None = None,
        occurred_at: datetime | None = None,
    ) -> None:
        """The provider says yes: the money is there, or, with manual capture, set aside.

        ``amount``: what was really paid, when that is not what was asked. Money that comes when
        the payment was given up has been taken, however it is captured.
        """
        is_late = self.status in _GIVEN_UP
        self.must_be_confirmable(provider_ref_id, amount)
        if amount is not None and amount < 1:
            raise NotPositive(amount)
        said = {
            "provider": provider or self.provider,
            "provider_ref_id": provider_ref_id or self.provider_ref_id,
            "occurred_at": self._since_created("a confirmation", occurred_at, now),
        }
        if self.capture_method == "manual" and not is_late:
            if amount not in (None, self.amount):
                raise PaidWhenCaptured
            self._become("authorized", self.Authorized, now, **said)
        else:
            paid = amount or self.amount
            self._become("succeeded", self.Succeeded, now, captured_amount=paid, **said)

    def capture(
        self,
        amount: int | None,
        now: datetime,
        *,
        final: bool = False,
        occurred_at: datetime | None = None,
    ) -> None:
        """Takes all that was set aside, or a part of it; ``final`` lets the rest go."""
        self._must_be(("authorized", "partially_captured"), "capture")
        left = self.authorized_amount - self.captured_amount
        taken = self._part(amount, left, CaptureExceedsAuthorization)
        captured = self.captured_amount + taken
        taken_at = self._no_earlier(
            "a capture", occurred_at, now, "the payment was authorized", self.authorized_at
        )
        if final or taken == left:
            self._succeed(captured, now, taken_at)
        else:
            self._become(
                "partially_captured",
                self.PartiallyCaptured,
                now,
                occurred_at=taken_at,
                captured_amount=captured,
            )

    def fail(
        self, code: str, message: str, now: datetime, *, occurred_at: datetime | None = None
    ) -> None:
        self.must_be_open("fail")
        self._become(
            "failed",
            self.Failed,
            now,
            occurred_at=self._since_created("a failure", occurred_at, now),
            failure_code=code,
            failure_message=message,
        )

    def cancel(self, now: datetime, *, reason: str | None = None) -> None:
        """Lets go of whatever has not been taken: what has been, is collected, and no less."""
        if self.status == "partially_captured":
            left = self.authorized_amount - self.captured_amount
            self._record(self.RestReleased, now, released_amount=left, reason=reason)
            self._succeed(self.captured_amount, now)
        elif self.status != "canceled":
            self._must_be(_CANCELABLE, "cancel")
            self._become("canceled", self.Canceled, now, reason=reason)

    def expire(self, now: datetime) -> None:
        self.must_be_open("expire")
        self._become("expired", self.Expired, now)

    def retry(self, now: datetime) -> None:
        """Asks for the money again; refused in a currency that is no money any more."""
        self._must_be(("failed",), "retry")
        must_be_money(self.currency, now)
        self._become("pending", self.Retried, now)

    def refund(
        self,
        refund_id: str,
        amount: int | None,
        now: datetime,
        *,
        reason: str | None = None,
        provider_refund_id: str | None = None,
        occurred_at: datetime | None = None,
    ) -> str:
        """Gives back a part, or, without an amount, all that is left; the id of the refund.

        What the provider names like one before is that one, and nothing more is given back.
        """
        before = self.refund_named(provider_refund_id)
        if before is not None:
            if amount is not None and amount != before["amount"]:
                raise RefundDiffers(before["id"], before["amount"], amount, self.currency)
            return before["id"]
        self._must_be(_COLLECTED, "refund")
        given = self._part(amount, self.left, RefundExceedsPayment)
        self._become(
            "refunded" if given == self.left else "partially_refunded",
            self.Refunded,
            now,
            occurred_at=self._since_succeeded("a refund", occurred_at, now),
            refund_id=refund_id,
            refund_amount=given,
            reason=reason,
            provider_refund_id=provider_refund_id,
        )
        return refund_id

    def refund_named(self, provider_refund_id: str | None) -> Movement | None:
        """The refund its provider calls so, if it was recorded."""
        if provider_refund_id is None:
            return None
        named = (
            note["refund_id"]
            for note in self.refund_notes
            if note["provider_refund_id"] == provider_refund_id
        )
        refund_id = next(named, None)
        return next((refund for refund in self.refunds if refund["id"] == refund_id), None)

    def open_a_dispute(
        self,
        dispute_id: str,
        amount: int | None,
        now: datetime,
        *,
        reason: str | None = None,
        occurred_at: datetime | None = None,
    ) -> None:
        """The bank may take a part, or all it has not taken before, refunded or not.

        Without an amount: all that is left, or, when all of it was refunded, all that was paid.
        """
        self._must_be(_DISPUTABLE, "dispute")
        not_lost = self.captured_amount - self.lost_amount
        if not_lost == 0:
            raise WrongStatus("dispute", self.status)
        if amount is None and self.left > 0:
            amount = self.left
        disputed = self._part(amount, not_lost, DisputeExceedsPayment)
        self._become(
            "disputed",
            self.DisputeOpened,
            now,
            occurred_at=self._since_succeeded("a dispute", occurred_at, now),
            dispute_id=dispute_id,
            disputed_amount=disputed,
            reason=reason,
        )

    def resolve_the_dispute(
        self, outcome: Literal["won", "lost"], now: datetime, *, occurred_at: datetime | None = None
    ) -> None:
        """Won: all is as before. Lost: the disputed amount is gone."""
        if self.open_dispute is None:
            raise WrongStatus("resolve a dispute of", self.status)
        dispute = self.open_dispute
        fact: type[Fact] = self.DisputeWon
        status: Status = dispute["status_before"]
        if outcome == "lost":
            fact = self.DisputeLost
            status = "refunded" if dispute["amount"] >= self.left else "partially_refunded"
        self._become(
            status,
            fact,
            now,
            occurred_at=self._no_earlier(
                "a decision", occurred_at, now, "the dispute was opened", dispute["opened_at"]
            ),
            dispute_id=dispute["id"],
            disputed_amount=dispute["amount"],
        )

    def request_receipt(self, now: datetime) -> None:
        """Also of what was given back since: a receipt says so."""
        if self.succeeded_at is None:
            raise NotPaid(self.id, self.status)
        self._record(self.ReceiptRequested, now)

    def must_be_confirmable(self, provider_ref_id: str | None, amount: int | None) -> None:
        """Refuses what cannot be paid any more, unless its provider says that it was after all."""
        if self.status not in _GIVEN_UP:
            self.must_be_open("confirm")
        elif provider_ref_id is None:
            raise GivenUp(self.status)
        elif amount is None and self.authorized_at and provider_ref_id == self.provider_ref_id:
            raise NothingPaid(self.status)

    def must_have_been_paid(self, amount: int | None) -> None:
        """Refuses another amount than the one the payment was confirmed with."""
        if amount not in (None, self.captured_amount, self.authorized_amount):
            known = self.captured_amount or self.authorized_amount
            raise ConfirmationDiffers(known, amount, self.currency)

    def must_be_in(self, currency: str | None) -> None:
        """Refuses another currency than the one the payment was asked for in."""
        if currency not in (None, self.currency):
            raise AnotherCurrency(self.currency, currency)

    def must_be_open(self, action: str) -> None:
        """Refuses what can only be done while nobody knows how the payment ends."""
        self._must_be(_OPEN, action)

    def _must_be(self, statuses: tuple[str, ...], action: str) -> None:
        if self.status not in statuses:
            raise WrongStatus(action, self.status)

    def _part(self, amount: int | None, left: int, refusal: type[AmountExceedsWhatIsLeft]) -> int:
        """The amount, or all that is left when none is named; no more than that."""
        if amount is None:
            return left
        if amount < 1:
            raise NotPositive(amount)
        if amount > left:
            raise refusal(amount, left, self.currency)
        return amount

    def _since_created(self, what: str, stated: datetime | None, now: datetime) -> datetime:
        return self._no_earlier(what, stated, now, "the payment was created", self.created_at)

    def _since_succeeded(self, what: str, stated: datetime | None, now: datetime) -> datetime:
        return self._no_earlier(what, stated, now, "the payment succeeded", self.succeeded_at)

    def _no_earlier(
        self, what: str, stated: datetime | None, now: datetime, cause: str, since: datetime | None
    ) -> datetime:
        """When it happened: as stated, or now, and not before what it is about.

        Where no moment is stated, a clock that is behind moves nothing into the past.
        """
        if since is None:
            return stated or now
        if stated is not None and precedes(stated, since):
            raise BeforeItsCause(what, stated, cause, since)
        return max(stated or now, since)

    def _succeed(self, captured: int, now: datetime, occurred_at: datetime | None = None) -> None:
        self._become(
            "succeeded",
            self.Succeeded,
            now,
            occurred_at=occurred_at,
            captured_amount=captured,
            provider_ref_id=self.provider_ref_id,
        )

    def _become(self, status: Status, fact: type[Fact], now: datetime, **values: Any) -> None:
        self._record(fact, now, previous_status=self.status, status=status, **values)

    def _record(
        self, fact: type[Fact], now: datetime, occurred_at: datetime | None = None, **values: Any
    ) -> None:
        repeated = {
            "customer_id": self.customer_id,
            "amount": self.amount,
            "currency": self.currency,
            "source": self.source,
            "source_id": self.source_id,
            "source_description": self.source_description,
            "method": self.method,
            "provider": self.provider,
            "country": self.country,
            "previous_status": self.status,
            "status": self.status,
        }
        super()._record(fact, now, occurred_at, **(repeated | values))

    # What follows runs again on every replay, for ever: it may change state, never refuse.
    # Whatever every fact repeats is taken over in `Event.apply`; here is what is a fact's own.

    @event(Amended)
    def _on_amended(self, metadata: dict[str, Any]) -> None:
        self.metadata = metadata

    @event(ActionRequired)
    def _on_action_required(self, next_action: dict[str, Any]) -> None:
        self.required_action = next_action

    @event(ProcessingStarted)
    def _on_processing_started(self, provider_ref_id: str | None) -> None:
        self.provider_ref_id = provider_ref_id or self.provider_ref_id

    @event(Authorized)
    def _on_authorized(
        self, amount: int, provider_ref_id: str | None, occurred_at: datetime
    ) -> None:
        self.provider_ref_id = provider_ref_id
        self.authorized_amount = amount
        self.authorized_at = occurred_at

    @event(PartiallyCaptured)
    def _on_partially_captured(self, captured_amount: int) -> None:
        self.captured_amount = captured_amount

    @event(Succeeded)
    def _on_succeeded(
        self,
        captured_amount: int,
        provider_ref_id: str | None,
        occurred_at: datetime,
        timestamp: datetime,
    ) -> None:
        self.captured_amount = captured_amount
        self.provider_ref_id = provider_ref_id
        self.succeeded_at = occurred_at
        self.success_recorded_at = timestamp
        self.failure_code = None
        self.failure_message = None

    @event(Failed)
    def _on_failed(self, failure_code: str, failure_message: str) -> None:
        self.failure_code = failure_code
        self.failure_message = failure_message

    @event(Retried)
    def _on_retried(self) -> None:
        self.failure_code = None
        self.failure_message = None

    @event(Refunded)
    def _on_refunded(
        self,
        refund_id: str,
        refund_amount: int,
        occurred_at: datetime,
        reason: str | None,
        provider_refund_id: str | None,
    ) -> None:
        self.refunds = [*self.refunds, movement(refund_id, refund_amount, occurred_at)]
        note = RefundNote(refund_id=refund_id, reason=reason, provider_refund_id=provider_refund_id)
        self.refund_notes = [*self.refund_notes, note]

    @event(DisputeOpened)
    def _on_dispute_opened(
        self, dispute_id: str, disputed_amount: int, previous_status: Status, occurred_at: datetime
    ) -> None:
        self.open_dispute = OpenDispute(
            id=dispute_id,
            amount=disputed_amount,
            opened_at=occurred_at,
            status_before=previous_status,
        )

    @event(DisputeWon)
    def _on_dispute_won(self) -> None:
        self.open_dispute = None

    @event(DisputeLost)
    def _on_dispute_lost(
        self, dispute_id: str, disputed_amount: int, occurred_at: datetime
    ) -> None:
        self.open_dispute = None
        lost = movement(dispute_id, disputed_amount, occurred_at)
        self.disputes_lost = [*self.disputes_lost, lost]
