"""Payer details: what a payer says of themselves is accepted once their payment succeeds.

Anybody can begin a payment in the name of an address; what they type until then is kept beside the
payment, and nobody becomes a customer by it, nor is one changed.
"""

from collections.abc import Callable, Collection

from commands.customers import EMAIL, PAYER, PHONE, first_alive, names, rename
from commands.handling.unit_of_work import UnitOfWork
from commands.visitors import visitor
from domain.contact import identifying, mailbox
from domain.customer import Customer, Personal
from domain.payer_details import ALL, PayerDetails
from domain.payment import Payment


def keep_payer_details(
    work: UnitOfWork,
    payment: Payment,
    said: Personal,
    *,
    believed: Collection[str] = ALL,
    network: str | None = None,
) -> None:
    """Keeps what somebody said with a new payment.

    ``believed``: what of it is taken for true when the payment succeeds. ``network``: whose mobile
    money their number has.
    """
    if not any(said.values()) and network is None:
        work.leave_out(PayerDetails.id_for(payment.id))
    else:
        details = PayerDetails.give(
            payment.id,
            customer_id=payment.customer_id,
            personal=said,
            believed=believed,
            network=network,
            now=work.now,
        )
        work.add(details)


async def details_of(work: UnitOfWork, payment: Payment) -> PayerDetails | None:
    """What was said with a payment, if anything was."""
    stream = PayerDetails.id_for(payment.id)
    if any(isinstance(fact, Payment.Created) for fact in payment.pending_events):
        return work.added(PayerDetails, stream)
    # Nobody is there to say anything when a subscription is paid.
    if payment.source == "subscription":
        return None
    return await work.load_settled(PayerDetails, stream)


async def payer_known_first(
    work: UnitOfWork, payment: Payment, decide: Callable[[Payment], None]
) -> None:
    """Decides on a payment; where that makes it succeed, whose it is is recorded before.

    So whoever is told of the success, or asks about it, is told of its customer as well.
    """
    tried = payment.copy()
    decide(tried)
    if tried.has_just_succeeded:
        await _accept(work, payment)
    decide(payment)


async def _accept(work: UnitOfWork, payment: Payment) -> None:
    """Believes what was said when the payment began: what is nobody's becomes theirs."""
    details = await details_of(work, payment)
    if details is None:
        return
    customer: Customer | None
    if payment.customer_id is None:
        customer = await visitor(work, details.proved)
    else:
        customer = await work.load_recent(Customer, payment.customer_id)
    if customer is not None:
        payment.attach(customer.id, work.now)
        await fill_in(work, customer, details.proved)


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
    # Should somebody else get it in this very moment, the decision is run again and finds them: by
    # a mailbox, and by a number that tells who has it.
    for address in (email, phone and identifying(phone)):
        if address:
            work.claim(PAYER, mailbox(address), customer.id)


async def _of_nobody(work: UnitOfWork, kind: str, address: str | None) -> str | None:
    """The address or number, unless somebody alive has it."""
    return address if await first_alive(work, kind, address) is None else None
