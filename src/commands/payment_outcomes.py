"""Payment outcomes: they are passed on to the link or the invoice behind a payment."""

from commands.handling.unit_of_work import UnitOfWork
from commands.invoice_payments import subscription_of, update_invoice_of
from commands.link_uses import count_use, link_of
from domain.payment import Payment


async def payment_for_update(work: UnitOfWork, payment_id: str) -> Payment:
    """A payment that is about to be decided; what it came from is lined up for first.

    So a hundred payers of one link wait for each other, instead of overtaking each other.
    """
    payment = await work.load_stale(Payment, payment_id)
    origin = link_of(payment) or subscription_of(payment)
    if origin is not None:
        await work.lock(origin)
    return await work.load_for_update(Payment, payment_id)


async def propagate_outcome(work: UnitOfWork, payment: Payment) -> None:
    """Lets what a payment came from follow it, in the append that records what became of it."""
    await count_use(work, payment)
    await update_invoice_of(work, payment)
