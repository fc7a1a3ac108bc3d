"""Payer details: what a payer says of themselves is accepted once their payment succeeds.

Anybody can begin a payment in the name of an address; what they type until then is kept beside the
payment, not with the customer.
"""

from contextlib import suppress

from commands.customers import EMAIL, PAYER, PHONE, first_alive, names, rename
from commands.handling.unit_of_work import UnitOfWork
from commands.link_uses import link_of
from domain.contact import mailbox
from domain.customer import Customer, Personal
from domain.payer_details import PayerDetails, PayerDetailsNotFound
from domain.payment import Payment


async def record_payer_details(
    work: UnitOfWork, payment: Payment, customer: Customer, details: Personal
) -> None:
    """Takes what a payer says of themselves where nothing is known, now or when they have paid."""
    if payment.has_just_succeeded:
        await fill_in(work, customer, details)
    elif customer.lacks(details):
        work.add(
            PayerDetails.give(payment.id, customer_id=customer.id, personal=details, now=work.now)
        )


async def accept_payer_details(work: UnitOfWork, payment: Payment) -> None:
    """Fills in what was said when the payment began, if this command made it succeed."""
    if link_of(payment) is None or not payment.has_just_succeeded:
        return
    with suppress(PayerDetailsNotFound):
        details = await work.load_stale(PayerDetails, PayerDetails.id_for(payment.id))
        customer = await work.load_recent(Customer, details.customer_id)
        await fill_in(work, customer, details.personal)


async def fill_in(work: UnitOfWork, customer: Customer, details: Personal) -> None:
    """Nothing that is known is overwritten, and nobody who was deleted is changed.

    Nor does anybody get an address or number that somebody else has: payments by it are theirs.
    """
    if customer.deleted or not customer.lacks(details):
        return
    customer = await work.load_for_update(Customer, customer.id)
    before, known = names(customer), customer.personal
    email = None if known["email"] else await _of_nobody(work, EMAIL, details["email"])
    phone = None if known["phone"] else await _of_nobody(work, PHONE, details["phone"])
    customer.fill_in(work.now, email=email, phone=phone, name=details["name"])
    rename(work, customer, before)
    # Should somebody else get it in this very moment, the decision is run again and finds them.
    for address in (email, phone):
        if address is not None:
            work.claim(PAYER, mailbox(address), customer.id)


async def _of_nobody(work: UnitOfWork, kind: str, address: str | None) -> str | None:
    """The address or number, unless somebody alive has it."""
    return address if await first_alive(work, kind, address) is None else None
