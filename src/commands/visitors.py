"""Visitors: whoever pays without the merchant saying who they are."""

from commands.customers import EMAIL, PHONE, first_alive, register
from commands.handling.unit_of_work import UnitOfWork
from domain.contact import identifying
from domain.customer import Customer, Personal


async def visitor(work: UnitOfWork, details: Personal) -> Customer | None:
    """Known by address, else by number, else a new customer.

    Somebody known stays as they are. None for somebody who says nothing at all.
    """
    email = details["email"]
    phone = identifying(details["phone"]) if details["phone"] else None
    customer = await first_alive(work, EMAIL, email)
    if customer is None:
        customer = await first_alive(work, PHONE, phone)
    if customer is not None:
        return customer
    if not any(details.values()):
        return None
    addresses = [address for address in (email, phone) if address is not None]
    return register(work, payer=addresses, **details)
