"""Payments of invoices: an invoice follows its payment, in the append that changes that.

By whatever route a payment is confirmed, failed, tried again or given up: its invoice is found
through a claim, which only payments of our own subscriptions are looked up in.
"""

from commands import collection
from commands.handling.ids import looks_like_an_id
from commands.handling.unit_of_work import UnitOfWork
from domain.errors import RuleBroken
from domain.invoice import Invoice
from domain.payment import Payment
from domain.subscription import Subscription

INVOICE_PAYMENT = "invoice_payment"

_OURS = "sub_"


class AmountOfAnInvoice(RuleBroken):
    code = "invalid_amount"

    def __init__(self, invoice_id: str) -> None:
        super().__init__(
            f"this payment pays invoice {invoice_id}, whose amount stays as it is", field="amount"
        )


def subscription_of(payment: Payment) -> str | None:
    """The subscription of ours a payment came from, if it did; a merchant may name others."""
    named = payment.source_id
    if payment.source != "subscription" or named is None:
        return None
    return named if named.startswith(_OURS) and looks_like_an_id(named) else None


async def must_not_be_invoiced(work: UnitOfWork, payment: Payment) -> None:
    """Refuses with AmountOfAnInvoice to change what an invoice asks for."""
    invoice_id = await _invoice_of(work, payment)
    if invoice_id is not None:
        raise AmountOfAnInvoice(invoice_id)


async def update_invoice_of(work: UnitOfWork, payment: Payment) -> None:
    """Lets the invoice of a payment, if it has one, follow what this command made of it."""
    if not payment.pending_events:
        return
    invoice_id = await _invoice_of(work, payment)
    if invoice_id is not None:
        await apply_payment_outcome(work, await work.load_for_update(Invoice, invoice_id), payment)


async def apply_payment_outcome(
    work: UnitOfWork, invoice: Invoice, payment: Payment, *, by_policy: bool = False
) -> None:
    """The same for an invoice at hand; ``by_policy``: nobody but the policy asked to try again.

    When the policy's last try has failed, the subscription is paused or canceled, as it says.
    """
    for fact in payment.pending_events:
        match fact:
            case Payment.Retried():
                invoice.retry(work.now, by_policy=by_policy)
            case Payment.Succeeded():
                invoice.pay(work.now, occurred_at=fact.occurred_at)
            case Payment.Failed():
                subscription = await work.load_guarded(Subscription, invoice.subscription_id)
                collects = subscription.collects(work.now)
                invoice.fail(fact.failure_code, work.now, collects=collects)
            case Payment.Canceled():
                invoice.cancel(work.now, reason=fact.reason)
            case Payment.Expired():
                invoice.cancel(work.now, reason="payment_expired")
            case _:
                pass
    if invoice.is_used_up:
        await _give_up(work, invoice)


async def _give_up(work: UnitOfWork, invoice: Invoice) -> None:
    subscription = await work.load_for_update(Subscription, invoice.subscription_id)
    if invoice.retry_policy["when_used_up"] == "cancel":
        if subscription.status != "canceled":
            await collection.cancel(work, subscription, reason="payment_failed")
    elif subscription.status == "active":
        await collection.pause(work, subscription, reason="payment_failed")


async def _invoice_of(work: UnitOfWork, payment: Payment) -> str | None:
    if subscription_of(payment) is None:
        return None
    return await work.owner(INVOICE_PAYMENT, payment.id)
