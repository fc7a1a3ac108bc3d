"""When is a payer believed who says more of themselves than was known? Once their payment succeeds.

Anybody can begin a payment in the name of an address; what they type until then is kept beside the
payment, not with the customer.
"""

from contextlib import suppress

from commands.customers import names, rename
from commands.link_uses import link_of
from commands.unit_of_work import UnitOfWork
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


async def believe(work: UnitOfWork, payment: Payment) -> None:
    """Fills in what was said when the payment began, if this command made it succeed."""
    if link_of(payment) is None or not payment.has_just_succeeded:
        return
    with suppress(IntroductionNotFound):
        introduction = await work.peek(Introduction, Introduction.id_for(payment.id))
        customer = await work.look_at(Customer, introduction.customer_id)
        await fill_in(work, customer, introduction.personal)


async def fill_in(work: UnitOfWork, customer: Customer, said: Personal) -> None:
    """Nothing that is known is overwritten, and nobody who was deleted is changed."""
    if customer.deleted or not customer.lacks(said):
        return
    before = names(customer)
    customer = await work.get(Customer, customer.id)
    customer.fill_in(work.now, **said)
    rename(work, customer, before)
