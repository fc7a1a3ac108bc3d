"""Payments through a link: its page and its price, and the customer who is credited."""

from contextlib import suppress

from pydantic import Field

from commands.custom_fields import Answers, answered
from commands.fields import AmountOrAll, Command, CountryCode, Email, Method, Text
from commands.handling.unit_of_work import UnitOfWork
from commands.link_codes import link_named
from commands.link_uses import count_use
from commands.payer_details import record_payer_details
from commands.payers import COUNTRIES, international, payer, visitor
from commands.verdicts import apply_verdict
from domain.customer import Customer, CustomerNotFound, Personal
from domain.payment import Payment
from domain.payment_link import PaymentLink


class PayThroughLink(Command):
    """Who pays, as far as they say so, and how much, where the link lets them choose."""

    amount: AmountOrAll | None = None
    email: Email | None = None
    name: Text | None = None
    phone: Text | None = None
    method: Method = "card"
    country: CountryCode | None = None
    provider: Text | None = None
    custom_fields: Answers = Field(default_factory=dict)


async def open_payment_link(work: UnitOfWork, named: str) -> PaymentLink:
    """The terms, for whoever has the address."""
    link = await work.load_recent(PaymentLink, await link_named(work, named))
    link.must_be_open(work.now)
    return link


async def pay_through_link(work: UnitOfWork, named: str, command: PayThroughLink) -> Payment:
    """A payment on the link's terms, by a customer who is known or becomes known by it."""
    link = await work.load_for_update(PaymentLink, await link_named(work, named))
    link.must_be_open(work.now)
    amount = link.price(command.amount or None)
    currency = link.terms["currency"]
    country = command.country or COUNTRIES.get(currency)
    phone = international(command.phone, country)
    details = Personal(email=command.email, phone=phone, name=command.name)
    customer = await _payer(work, link, details)
    payment = Payment.create(
        work.ids.new("pay"),
        amount=amount,
        currency=currency,
        customer_id=None if customer is None else customer.id,
        source="payment_link",
        source_id=link.id,
        source_description=link.name,
        method=command.method,
        provider=work.provider.name,
        country=country,
        reference=link.terms["reference"],
        description=link.terms["description"],
        metadata=answered(link.terms["custom_fields"], command.custom_fields),
        now=work.now,
    )
    work.add(payment)
    apply_verdict(work, payment, await work.provider.create(payment))
    if customer is not None:
        await record_payer_details(work, payment, customer, _of_themselves(link, customer, details))
    await count_use(work, payment)
    return payment


async def _payer(work: UnitOfWork, link: PaymentLink, details: Personal) -> Customer | None:
    made_for = link.terms["customer_id"]
    if made_for is not None:
        # Of a link for somebody who was deleted since, whoever pays is a visitor like any other.
        with suppress(CustomerNotFound):
            return await payer(work, made_for)
    return await visitor(work, details)


def _of_themselves(link: PaymentLink, customer: Customer, details: Personal) -> Personal:
    """Somebody else may pay what one customer was asked for: what they say is of themselves.

    A number is the customer's when it comes with their address.
    """
    if customer.id != link.terms["customer_id"]:
        return details
    own, given = customer.personal["email"], details["email"]
    is_theirs = own is not None and given is not None and own.lower() == given.lower()
    return Personal(email=None, phone=details["phone"] if is_theirs else None, name=None)
