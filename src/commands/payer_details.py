"""When is a payer believed who says more of themselves than was known? Once their payment succeeds.

Anybody can begin a payment in the name of an address; what they type until then is kept beside the
payment, not with the customer.
"""

from contextlib import suppress

from commands.customers import EMAIL, PAYER, PHONE, first_alive, names, rename
from commands.handling.unit_of_work import UnitOfWork
from commands.link_uses import link_of
from domain.customer import Customer, Personal
from domain.introduction import Introduction, IntroductionNotFound
from domain.payment import Payment


async def introduce(work: UnitOfWork, payment: Payment, customer: Customer, said: Personal) -> None:
    """Takes what a payer says of themselves where nothing is known, now or when they have paid."""
    if payment.has_just_succeeded:
        await fill_in(work, customer, said)
    elif customer.lacks(said):
        work.add(
            Introduction.make(payment.id, customer_id=customer.id, personal=said, now=work.now)
        )


async def accept_payer_details(work: UnitOfWork, payment: Payment) -> None:
    """Fills in what was said when the payment began, if this command made it succeed."""
    if link_of(payment) is None or not payment.has_just_succeeded:
        return
    with suppress(IntroductionNotFound):
        introduction = await work.load_stale(Introduction, Introduction.id_for(payment.id))
        customer = await work.load_recent(Customer, introduction.customer_id)
        await fill_in(work, customer, introduction.personal)


async def fill_in(work: UnitOfWork, customer: Customer, said: Personal) -> None:
    """Nothing that is known is overwritten, and nobody who was deleted is changed.

    Nor does anybody get an address or number that somebody else has: payments by it are theirs.
    """
    if customer.deleted or not customer.lacks(said):
        return
    customer = await work.load_for_update(Customer, customer.id)
    before, known = names(customer), customer.personal
    email = None if known["email"] else await _of_nobody(work, EMAIL, said["email"])
    phone = None if known["phone"] else await _of_nobody(work, PHONE, said["phone"])
    customer.fill_in(work.now, email=email, phone=phone, name=said["name"])
    rename(work, customer, before)
    # Should somebody else get it in this very moment, the decision is run again and finds them.
    for address in (email, phone):
        if address is not None:
            work.claim(PAYER, address.lower(), customer.id)


async def _of_nobody(work: UnitOfWork, kind: str, address: str | None) -> str | None:
    """The address or number, unless somebody alive has it."""
    return address if await first_alive(work, kind, address) is None else None
