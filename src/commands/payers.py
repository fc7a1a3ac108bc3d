"""Payers: who a payment is credited to by a merchant's ``customer_id``."""

from contextlib import suppress

from commands.customers import EMAIL, customer_called, register
from commands.handling.ids import looks_like_an_id
from commands.handling.unit_of_work import UnitOfWork
from commands.payer_details import fill_in
from domain.contact import email_address, mailbox
from domain.customer import Customer, CustomerNotFound, Personal

_OURS = "cus_"


async def payer(work: UnitOfWork, meant: str, phone: str | None = None) -> Customer:
    """Our id, else an external id, else an e-mail address, else a new customer of that name.

    ``phone``: of the payer in E.164 form; filled in where the customer has none.
    """
    customer = await _known(work, meant)
    if customer is None:
        return _newcomer(work, meant, phone)
    await fill_in(work, customer, Personal(email=None, phone=phone, name=None))
    return customer


async def known_by_id(work: UnitOfWork, meant: str) -> Customer | None:
    """Whose id it is, ours or the merchant's own; nobody is registered, and nothing is refused."""
    if meant.startswith(_OURS) and looks_like_an_id(meant):
        with suppress(CustomerNotFound):
            return await _alive(work, meant)
        return None
    owner = await customer_called(work, meant)
    if owner is not None:
        with suppress(CustomerNotFound):
            return await _alive(work, owner)
    return None


async def _known(work: UnitOfWork, meant: str) -> Customer | None:
    if meant.startswith(_OURS) and looks_like_an_id(meant):
        return await _alive(work, meant)
    for customer_id in await _called(work, meant):
        customer = await work.load_guarded(Customer, customer_id)
        # Somebody may have been deleted since the name was looked up.
        if not customer.deleted:
            return customer
    if meant.startswith(_OURS):
        raise CustomerNotFound(meant)
    return None


async def _alive(work: UnitOfWork, customer_id: str) -> Customer:
    customer = await work.load_guarded(Customer, customer_id)
    if customer.deleted:
        raise CustomerNotFound(customer_id)
    return customer


async def _called(work: UnitOfWork, name: str) -> list[str]:
    """Whose external id it is, else all who have it as their address, first registered first."""
    owner = await customer_called(work, name)
    if owner is not None:
        return [owner]
    email = address_in(name)
    if email is None:
        return []
    return [owner for _, owner in await work.owners(EMAIL, f"{mailbox(email)}\n")]


def _newcomer(work: UnitOfWork, meant: str, phone: str | None) -> Customer:
    email = address_in(meant)
    if email is not None:
        return register(work, payer=[email], email=email, phone=phone)
    return register(work, external_id=meant, phone=phone)


def address_in(text: str) -> str | None:
    """The e-mail address a text is, if it is one."""
    if "@" not in text:
        return None
    try:
        return email_address(text)
    except ValueError:
        return None
