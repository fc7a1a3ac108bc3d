"""Collection: what stops being collected by itself when a subscription pauses or ends.

An invoice that failed stays open, and may be tried again by hand. Of a customer who was deleted
nothing is collected at all.
"""

from typing import Final

from commands.handling.unit_of_work import UnitOfWork
from domain.customer import Customer
from domain.errors import RuleBroken
from domain.invoice import OPEN, Invoice
from domain.subscription import OF_CUSTOMER, Subscription

CUSTOMER_DELETED: Final = "customer_deleted"

# A claim of the subscription that a customer began last; of themselves, once they are deleted.
LAST_SUBSCRIPTION: Final = "last_subscription"


class CustomerIsGone(RuleBroken):
    """It does not say who it was: whoever asks may be one who may not read customers."""

    def __init__(self) -> None:
        super().__init__("the customer was deleted, and is charged for nothing")


async def is_gone(work: UnitOfWork, customer_id: str) -> bool:
    """Whether somebody was deleted, and still is when the append is made."""
    return (await work.load_guarded(Customer, customer_id)).deleted


async def must_not_be_gone(work: UnitOfWork, customer_id: str | None) -> None:
    """Refuses with CustomerIsGone to ask somebody for money who was deleted."""
    if customer_id is not None and await is_gone(work, customer_id):
        raise CustomerIsGone


async def pause(work: UnitOfWork, subscription: Subscription, *, reason: str | None) -> None:
    subscription.pause(work.now, reason=reason)
    await _stop_retries(work, subscription)


async def cancel(work: UnitOfWork, subscription: Subscription, *, reason: str | None) -> None:
    subscription.cancel(work.now, reason=reason)
    await _stop_retries(work, subscription)


async def schedule_end(
    work: UnitOfWork, subscription: Subscription, *, reason: str | None = None
) -> None:
    subscription.schedule_end(work.now, reason=reason)
    if subscription.status == "canceled":
        await _stop_retries(work, subscription)


async def end_when_over(work: UnitOfWork, subscription: Subscription) -> bool:
    """Ends one whose last period is over; False: it goes on."""
    if not subscription.is_over(work.now):
        return False
    subscription.end(work.now)
    await _stop_retries(work, subscription)
    return True


async def begin(work: UnitOfWork, customer: Customer, subscription: Subscription) -> None:
    """A new subscription; whoever deletes the customer at this moment decides again, or we do."""
    work.add(subscription)
    await _be_last(work, customer, subscription.id)


async def stop_charging(work: UnitOfWork, customer: Customer) -> None:
    """Ends all that somebody who was deleted has subscribed to; what failed is not wanted any more.

    One append, however many there are.
    """
    await _be_last(work, customer, customer.id)
    for stream in await work.streams_found_by(OF_CUSTOMER, f"{customer.id}\n"):
        subscription = await work.load_for_update(Subscription, stream)
        if subscription.is_over(work.now):
            subscription.end(work.now)
        elif subscription.status != "canceled":
            subscription.cancel(work.now, reason=CUSTOMER_DELETED)
    for invoice in await _open_invoices(work, customer.id):
        if invoice.status == "failed":
            invoice.cancel(work.now, reason=CUSTOMER_DELETED)


async def _be_last(work: UnitOfWork, customer: Customer, stream: str) -> None:
    """Of two who are last at once, the later finds the other in its way, and is run again."""
    before = await work.owner(LAST_SUBSCRIPTION, customer.id)
    if before is not None:
        work.release(LAST_SUBSCRIPTION, customer.id, before)
    work.claim(LAST_SUBSCRIPTION, customer.id, stream)


async def _stop_retries(work: UnitOfWork, subscription: Subscription) -> None:
    for invoice in await _open_invoices(work, subscription.customer_id, subscription.id):
        invoice.stop_retries(work.now)


async def _open_invoices(work: UnitOfWork, *owners: str) -> list[Invoice]:
    prefix = "".join(f"{owner}\n" for owner in owners)
    return [
        await work.load_guarded(Invoice, stream)
        for stream in await work.streams_found_by(OPEN, prefix)
    ]
