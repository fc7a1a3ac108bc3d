"""Payments through a link: its page and its price, and the customer who is credited."""

from collections.abc import Collection

from pydantic import Field

from commands.custom_fields import Answers, answered
from commands.fields import (
    AmountOrAll,
    Command,
    CountryCode,
    CurrencyCode,
    Email,
    Method,
    Network,
    Text,
)
from commands.handling.unit_of_work import UnitOfWork
from commands.link_codes import link_named
from commands.payer_details import keep_payer_details
from commands.payers import known_by_id
from commands.payment_outcomes import propagate_outcome
from commands.typed_phones import read_phone, stated_country
from commands.verdicts import apply_verdict
from domain.contact import mailbox
from domain.customer import Customer, Personal
from domain.payer_details import ALL
from domain.payment import Payment
from domain.payment_link import PaymentLink
from domain.places import usual_country


class PayThroughLink(Command):
    """Who pays, as far as they say so, and how much, where the link lets them choose."""

    amount: AmountOrAll | None = None
    currency: CurrencyCode | None = None
    email: Email | None = None
    name: Text | None = None
    phone: Text | None = None
    method: Method = "card"
    network: Network | None = None
    country: CountryCode | None = None
    provider: Text | None = None
    custom_fields: Answers = Field(default_factory=dict)


async def open_payment_link(work: UnitOfWork, named: str) -> PaymentLink:
    """The terms, for whoever has the address."""
    link = await work.load_recent(PaymentLink, await link_named(work, named))
    link.must_be_open(work.now)
    return link


async def pay_through_link(work: UnitOfWork, named: str, command: PayThroughLink) -> Payment:
    """A payment on the link's terms; who it is by is known when it succeeds."""
    link = await work.load_for_update(PaymentLink, await link_named(work, named))
    link.must_be_open(work.now)
    amount = link.price(command.amount or None)
    currency = link.terms["currency"]
    country = await stated_country(work, command.country, of_link=link.country)
    phone = read_phone(command.phone, country, currency)
    said = Personal(email=command.email, phone=phone, name=command.name)
    customer = await _made_for(work, link)
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
        country=country or usual_country(currency),
        reference=link.terms["reference"],
        description=link.terms["description"],
        metadata=answered(link.terms["custom_fields"], command.custom_fields),
        now=work.now,
    )
    payment.must_be_in(command.currency)
    work.add(payment)
    believed = _of_themselves(customer, said)
    keep_payer_details(work, payment, said, believed=believed, network=command.network)
    await apply_verdict(work, payment, await work.provider.create(payment))
    await propagate_outcome(work, payment)
    return payment


async def _made_for(work: UnitOfWork, link: PaymentLink) -> Customer | None:
    made_for = link.terms["customer_id"]
    # Of a link for somebody who was deleted since, whoever pays is a visitor like any other.
    return None if made_for is None else await known_by_id(work, made_for)


def _of_themselves(made_for: Customer | None, said: Personal) -> Collection[str]:
    """What is believed of whoever pays.

    Somebody else may pay what one customer was asked for: what they say is of themselves. A
    number is the customer's when it comes with their address.
    """
    if made_for is None:
        return ALL
    own, given = made_for.personal["email"], said["email"]
    is_theirs = own is not None and given is not None and mailbox(own) == mailbox(given)
    return ["phone"] if is_theirs else []
