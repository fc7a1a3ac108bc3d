"""Billing: what is due of a subscription or an invoice, one period or one more try an append."""

from contextlib import suppress
from typing import TypedDict

from commands.collection import CUSTOMER_DELETED, cancel, end_when_over, is_gone
from commands.fields import canonical_method
from commands.handling.unit_of_work import UnitOfWork
from commands.invoice_payments import INVOICE_PAYMENT, apply_payment_outcome
from commands.typed_phones import stated_country
from commands.verdicts import apply_verdict
from domain.errors import NotFound
from domain.invoice import DEFAULT_PREFIX, Invoice
from domain.money import is_money
from domain.organization import Organization
from domain.payment import Payment
from domain.places import usual_country
from domain.retry_policy import DEFAULT_POLICY, RetryPolicy
from domain.subscription import Subscription

_OF_INVOICES = "inv_"
_WITHDRAWN = "currency_withdrawn"


class _Terms(TypedDict):
    retry_policy: RetryPolicy
    number_prefix: str


async def bill(work: UnitOfWork, stream: str) -> bool:
    """Does the next thing that is due about a subscription or an invoice; False: nothing was."""
    if stream.startswith(_OF_INVOICES):
        return await _retry_when_due(work, stream)
    return await renew_when_due(work, await work.load_for_update(Subscription, stream))


async def renew_when_due(work: UnitOfWork, subscription: Subscription) -> bool:
    """Bills the period that began longest ago and has not been billed; False: there is none.

    One whose last period is over ends instead, and so does that of somebody who was deleted (as
    earlier releases left them) or in a currency that was withdrawn.
    """
    if await end_when_over(work, subscription):
        return True
    if not subscription.is_due(work.now):
        return False
    if await is_gone(work, subscription.customer_id):
        await cancel(work, subscription, reason=CUSTOMER_DELETED)
        return True
    if not is_money(subscription.plan["currency"], work.now):
        await cancel(work, subscription, reason=_WITHDRAWN)
        return True
    invoice_id = work.ids.new("inv")
    subscription.renew(invoice_id, work.now)
    payment = await _payment(work, subscription, invoice_id)
    invoice = Invoice.issue(
        invoice_id,
        subscription_id=subscription.id,
        customer_id=subscription.customer_id,
        payment_id=payment.id,
        amount=subscription.plan["amount"],
        currency=subscription.plan["currency"],
        plan_id=subscription.plan["plan_id"],
        period=subscription.period,
        period_start=subscription.period_start,
        period_end=subscription.period_end,
        **await _terms(work, subscription.plan["plan_id"]),
        now=work.now,
    )
    work.add(invoice)
    work.add(payment)
    work.claim(INVOICE_PAYMENT, payment.id, invoice.id)
    await apply_verdict(work, payment, await work.provider.charge(payment))
    await apply_payment_outcome(work, invoice, payment)
    return True


async def up_to_date(work: UnitOfWork, subscription_id: str) -> Subscription:
    """A subscription that is about to be changed, all that was due before then billed.

    So what is billed never depends on how quick the billing worker was.
    """
    subscription = await work.load_for_update(Subscription, subscription_id)
    while await renew_when_due(work, subscription):
        pass
    return subscription


async def _retry_when_due(work: UnitOfWork, invoice_id: str) -> bool:
    invoice = await invoice_for_update(work, invoice_id)
    if not invoice.is_due(work.now):
        return False
    subscription = await work.load_guarded(Subscription, invoice.subscription_id)
    if await is_gone(work, invoice.customer_id):
        invoice.cancel(work.now, reason=CUSTOMER_DELETED)
    elif await end_when_over(work, subscription):
        pass
    elif not (subscription.collects(work.now) and is_money(invoice.currency, work.now)):
        # As earlier releases left it, or in a currency that was withdrawn.
        invoice.stop_retries(work.now)
    else:
        await ask_again(work, invoice, by_policy=True)
    return True


async def invoice_for_update(work: UnitOfWork, invoice_id: str) -> Invoice:
    """An invoice to be changed: whoever changes anything about a subscription locks that first."""
    await work.lock((await work.load_stale(Invoice, invoice_id)).subscription_id)
    return await work.load_for_update(Invoice, invoice_id)


async def ask_again(work: UnitOfWork, invoice: Invoice, *, by_policy: bool = False) -> None:
    """Tries the payment of a failed invoice again."""
    payment = await work.load_for_update(Payment, invoice.payment_id)
    payment.retry(work.now)
    await apply_verdict(work, payment, await work.provider.retry(payment))
    await apply_payment_outcome(work, invoice, payment, by_policy=by_policy)


async def _payment(work: UnitOfWork, subscription: Subscription, invoice_id: str) -> Payment:
    plan, country = subscription.plan, await stated_country(work, None)
    return Payment.create(
        work.ids.new("pay"),
        amount=plan["amount"],
        currency=plan["currency"],
        customer_id=subscription.customer_id,
        source="subscription",
        source_id=subscription.id,
        source_description=subscription.title,
        method=canonical_method(plan["method"]),
        provider=work.provider.name,
        country=country or usual_country(plan["currency"]),
        reference=invoice_id,
        now=work.now,
    )


async def _terms(work: UnitOfWork, plan_id: str) -> _Terms:
    """What the organization has decided about its invoices, as of now."""
    with suppress(NotFound):
        organization = await work.load_recent(Organization, work.org_id)
        return _Terms(
            retry_policy=organization.retry_policy(plan_id),
            number_prefix=organization.invoice_prefix or DEFAULT_PREFIX,
        )
    return _Terms(retry_policy=DEFAULT_POLICY, number_prefix=DEFAULT_PREFIX)
