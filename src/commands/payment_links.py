"""What may be asked about payment links: set out terms, change them, open the page, pay."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    HttpUrl,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from commands.custom_fields import Answers, CustomFields, answered
from commands.fields import (
    Amount,
    AmountOrAll,
    ChangingCommand,
    Command,
    CountryCode,
    CurrencyCode,
    Email,
    LongText,
    Metadata,
    Method,
    Moment,
    Text,
)
from commands.handling.unit_of_work import UnitOfWork
from commands.link_codes import CODE, looks_like_a_code, new_code
from commands.link_uses import count_use
from commands.payer_details import introduce
from commands.payers import international, payer, visitor
from commands.payments import COUNTRIES, take
from domain.book import Book
from domain.customer import Customer, CustomerNotFound, Personal
from domain.payment import Payment
from domain.payment_link import PaymentLink, PaymentLinkNotFound, Terms, viewed
from ledger.clock import written

_URL = TypeAdapter(HttpUrl)


def _web_address(text: str) -> str:
    """The address as it was written, once it is known to lead to the web and nowhere else."""
    try:
        _URL.validate_python(text)
    except ValidationError:
        raise ValueError("is not an http or https address") from None
    return text


WebAddress = Annotated[str, Field(max_length=2048), AfterValidator(_web_address)]
Name = Annotated[Text, Field(min_length=1)]
Uses = Annotated[int, Field(strict=True, ge=1, le=10**9)]

_SWITCH: Final = {"active": True, "inactive": False}


class _LinkTerms(Command):
    """What both creating and changing a link may say; ``status`` is another word for ``active``."""

    description: LongText | None = None
    reference: Text | None = None
    amount: AmountOrAll | None = None
    allow_custom_amount: bool = False
    min_amount: Amount | None = None
    max_amount: Amount | None = None
    active: bool = True
    # Only what cannot be set is left to it: see _switch.
    status: Literal["active", "inactive"] | None = None
    expires_at: Moment | None = None
    max_uses: Uses | None = None
    custom_fields: CustomFields = Field(default_factory=list)
    redirect_url: WebAddress | None = None
    webhook_url: WebAddress | None = None
    branding: Metadata = Field(default_factory=dict)
    metadata: Metadata = Field(default_factory=dict)
    customer_id: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _switch(cls, body: Any) -> Any:
        if not isinstance(body, Mapping) or "status" not in body:
            return body
        status = body["status"]
        if "active" not in body and status and status not in tuple(_SWITCH):
            return body
        switch = {"active": _SWITCH[status]} if status and "active" not in body else {}
        return {name: value for name, value in body.items() if name != "status"} | switch


class CreatePaymentLink(_LinkTerms):
    """A name and a currency, and an amount unless the payer chooses it."""

    name: Name
    currency: CurrencyCode


def _not_cleared(value: Any) -> Any:
    if value is None:
        raise ValueError("cannot be cleared")
    return value


class UpdatePaymentLink(ChangingCommand, _LinkTerms):
    """Terms left out stay as they are; null clears."""

    name: Annotated[Name | None, BeforeValidator(_not_cleared)] = None
    currency: Annotated[CurrencyCode | None, BeforeValidator(_not_cleared)] = None

    @model_validator(mode="before")
    @classmethod
    def _keep_what_cannot_be_cleared(cls, body: Any) -> Any:
        if not isinstance(body, Mapping):
            return body
        kept = {"allow_custom_amount", "active", "custom_fields", "branding", "metadata"}
        return {
            name: value for name, value in body.items() if value is not None or name not in kept
        }


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


async def create_payment_link(
    work: UnitOfWork, command: CreatePaymentLink, *, prefills: bool
) -> PaymentLink:
    """``prefills``: whoever asks may know the customer, so the page may show who they are."""
    book = Book(work.org_id, work.mode)
    names = type(command).model_fields.keys() - {"name", "currency", "status"}
    terms = await _stated(work, command, names, prefills=prefills)
    link = PaymentLink.create(
        work.ids.new("pl"),
        code=new_code(work.ids, book),
        terms=Terms(name=command.name, currency=command.currency, **terms),  # type: ignore[typeddict-item]
        now=work.now,
    )
    work.add(link)
    work.claim(CODE, link.code, link.id)
    return link


async def update_payment_link(
    work: UnitOfWork, named: str, command: UpdatePaymentLink, *, prefills: bool
) -> PaymentLink:
    """``prefills``: as for a new link, where a customer is named."""
    link = await work.load_for_update(PaymentLink, await link_named(work, named))
    stated = await _stated(work, command, command.model_fields_set, prefills=prefills)
    link.update(stated, work.now)
    return link


async def delete_payment_link(work: UnitOfWork, named: str) -> None:
    """What was paid through it stays; its address answers 404 from then on."""
    link = await work.load_for_update(PaymentLink, await link_named(work, named))
    link.delete(work.now)
    work.release(CODE, link.code, link.id)


async def link_named(work: UnitOfWork, named: str) -> str:
    """The id of a link that is named by its id or by its code."""
    if not looks_like_a_code(named):
        return named
    link_id = await work.owner(CODE, named)
    if link_id is None:
        raise PaymentLinkNotFound(named)
    return link_id


async def open_payment_link(work: UnitOfWork, named: str, *, counted: bool = True) -> PaymentLink:
    """The terms, for whoever has the address; that they were looked at is recorded."""
    link = await work.load_recent(PaymentLink, await link_named(work, named))
    link.must_be_open(work.now)
    if counted:
        work.note(viewed(link.id, work.now))
    return link


async def pay_through_link(work: UnitOfWork, named: str, command: PayThroughLink) -> Payment:
    """A payment on the link's terms, by a customer who is known or becomes known by it."""
    link = await work.load_for_update(PaymentLink, await link_named(work, named))
    link.must_be_open(work.now)
    amount = link.price(command.amount or None)
    currency = link.terms["currency"]
    country = command.country or COUNTRIES.get(currency)
    phone = international(command.phone, country)
    said = Personal(email=command.email, phone=phone, name=command.name)
    customer = await _payer(work, link, said)
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
    take(work, payment, await work.provider.create(payment))
    if customer is not None:
        await introduce(work, payment, customer, _of_themselves(link, customer, said))
    await count_use(work, payment)
    return payment


async def _payer(work: UnitOfWork, link: PaymentLink, said: Personal) -> Customer | None:
    made_for = link.terms["customer_id"]
    if made_for is not None:
        # Of a link for somebody who was deleted since, whoever pays is a visitor like any other.
        with suppress(CustomerNotFound):
            return await payer(work, made_for)
    return await visitor(work, said)


def _of_themselves(link: PaymentLink, customer: Customer, said: Personal) -> Personal:
    """Somebody else may pay what one customer was asked for: what they say is of themselves.

    A number is the customer's when it comes with their address.
    """
    if customer.id != link.terms["customer_id"]:
        return said
    own, given = customer.personal["email"], said["email"]
    is_theirs = own is not None and given is not None and own.lower() == given.lower()
    return Personal(email=None, phone=said["phone"] if is_theirs else None, name=None)


async def _stated(
    work: UnitOfWork, command: _LinkTerms, names: Any, *, prefills: bool
) -> dict[str, Any]:
    """The terms a command states, as a fact holds them."""
    stated = command.model_dump(include=set(names))
    if stated.get("expires_at") is not None:
        stated["expires_at"] = written(stated["expires_at"])
    if "amount" in stated:
        stated["amount"] = stated["amount"] or None
    if stated.get("customer_id") is not None:
        stated["customer_id"] = (await payer(work, stated["customer_id"])).id
        stated["prefills"] = prefills
    return stated
