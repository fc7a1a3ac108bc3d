"""Refund and dispute commands: how money goes back."""

from typing import Literal

from commands.fields import AmountOrAll, Command, CurrencyCode, LongText, Moment, ProviderReference
from commands.handling.unit_of_work import UnitOfWork
from commands.provider_references import claim_refund_reference
from commands.verdicts import happened
from domain.payment import Payment


class RefundPayment(Command):
    """0 or no amount: all that is left."""

    amount: AmountOrAll | None = None
    currency: CurrencyCode | None = None
    reason: LongText | None = None
    provider_refund_id: ProviderReference | None = None
    occurred_at: Moment | None = None


class OpenDispute(Command):
    """0 or no amount: all that is left, or, of what was refunded altogether, all that was paid."""

    amount: AmountOrAll | None = None
    currency: CurrencyCode | None = None
    reason: LongText | None = None
    occurred_at: Moment | None = None


class ResolveDispute(Command):
    outcome: Literal["won", "lost"]
    occurred_at: Moment | None = None


async def refund_payment(
    work: UnitOfWork, payment_id: str, command: RefundPayment
) -> tuple[Payment, str]:
    """The payment after it, and the id of the refund, which is in ``payment.refunds``.

    What the provider says twice is the refund it was the first time.
    """
    payment = await work.load_for_update(Payment, payment_id)
    payment.must_be_in(command.currency)
    named = command.provider_refund_id
    # Names that stand twice since before they were claimed stay known to each of their payments.
    if named is not None and payment.refund_named(named) is None:
        claim_refund_reference(work, payment, named)
    refund_id = payment.refund(
        work.ids.new("ref"),
        command.amount or None,
        work.now,
        reason=command.reason,
        provider_refund_id=command.provider_refund_id,
        occurred_at=happened(work, command.occurred_at),
    )
    return payment, refund_id


async def open_dispute(work: UnitOfWork, payment_id: str, command: OpenDispute) -> Payment:
    payment = await work.load_for_update(Payment, payment_id)
    payment.must_be_in(command.currency)
    payment.open_a_dispute(
        work.ids.new("dis"),
        command.amount or None,
        work.now,
        reason=command.reason,
        occurred_at=happened(work, command.occurred_at),
    )
    return payment


async def resolve_dispute(work: UnitOfWork, payment_id: str, command: ResolveDispute) -> Payment:
    payment = await work.load_for_update(Payment, payment_id)
    payment.resolve_the_dispute(
        command.outcome, work.now, occurred_at=happened(work, command.occurred_at)
    )
    return payment
