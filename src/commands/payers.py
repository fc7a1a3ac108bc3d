"""Payers: who a payment is credited to, by a merchant's ``customer_id``, by email or phone."""

from typing import Final

import phonenumbers

from commands.customers import EMAIL, PHONE, customer_called, first_alive, register
from commands.handling.ids import looks_like_an_id
from commands.handling.unit_of_work import UnitOfWork
from commands.payer_details import fill_in
from domain.contact import email_address, mailbox
from domain.customer import Customer, CustomerNotFound, Personal

_OURS = "cus_"

# Where a currency is paid in, unless somebody says otherwise (contract part 3, row 7).
COUNTRIES: Final = {
    "GHS": "GH",
    "NGN": "NG",
    "KES": "KE",
    "UGX": "UG",
    "TZS": "TZ",
    "ZAR": "ZA",
    "XOF": "CI",
    "XAF": "CM",
    "USD": "US",
    "EUR": "DE",
    "GBP": "GB",
}


async def payer(work: UnitOfWork, meant: str, phone: str | None = None) -> Customer:
    """Our id, else an external id, else an e-mail address, else a new customer of that name.

    ``phone``: of the payer in E.164 form; filled in where the customer has none.
    """
    customer = await _known(work, meant)
    if customer is None:
        return _newcomer(work, meant, phone)
    await fill_in(work, customer, Personal(email=None, phone=phone, name=None))
    return customer


async def visitor(work: UnitOfWork, details: Personal) -> Customer | None:
    """Whoever pays in public: known by address, else by number, else a new customer.

    Somebody known stays as they are. None for somebody who says nothing at all. The phone number
    in E.164 form.
    """
    email, phone = details["email"], details["phone"]
    customer = await first_alive(work, EMAIL, email)
    if customer is None:
        customer = await first_alive(work, PHONE, phone)
    if customer is not None:
        return customer
    if not any(details.values()):
        return None
    addresses = [address for address in (email, phone) if address is not None]
    return register(work, payer=addresses, **details)


def international(phone: str | None, country: str | None) -> str | None:
    """A number as people write it at home, in E.164 form; None when it cannot be one.

    No payment is refused over the phone number that came with it.
    """
    try:
        number = phonenumbers.parse(phone or "", country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


async def _known(work: UnitOfWork, meant: str) -> Customer | None:
    if meant.startswith(_OURS) and looks_like_an_id(meant):
        customer = await work.load_guarded(Customer, meant)
        if customer.deleted:
            raise CustomerNotFound(meant)
        return customer
    for customer_id in await _called(work, meant):
        customer = await work.load_guarded(Customer, customer_id)
        # Somebody may have been deleted since the name was looked up.
        if not customer.deleted:
            return customer
    if meant.startswith(_OURS):
        raise CustomerNotFound(meant)
    return None


async def _called(work: UnitOfWork, name: str) -> list[str]:
    """Whose external id it is, else all who have it as their address, first registered first."""
    owner = await customer_called(work, name)
    if owner is not None:
        return [owner]
    email = _address(name)
    if email is None:
        return []
    return [owner for _, owner in await work.owners(EMAIL, f"{mailbox(email)}\n")]


def _newcomer(work: UnitOfWork, meant: str, phone: str | None) -> Customer:
    email = _address(meant)
    if email is not None:
        return register(work, payer=[email], email=email, phone=phone)
    return register(work, external_id=meant, phone=phone)


def _address(text: str) -> str | None:
    if "@" not in text:
        return None
    try:
        return email_address(text)
    except ValueError:
        return None
