"""Payment link commands: create a link, change its terms, delete it."""

from collections.abc import Mapping
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

from commands.branding import Branding, StatedBranding
from commands.custom_fields import CustomFields
from commands.fields import (
    Amount,
    AmountOrAll,
    ChangingCommand,
    Command,
    Country,
    CurrencyCode,
    LongText,
    Metadata,
    Moment,
    Text,
    not_cleared,
)
from commands.handling.unit_of_work import UnitOfWork
from commands.link_codes import CODE, link_named, new_code
from commands.payers import payer
from commands.unsupported_fields import MONEY_ELSEWHERE
from domain.book import Book
from domain.payment_link import PaymentLink, Terms
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

    unsupported = MONEY_ELSEWHERE

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
    branding: StatedBranding = Field(default_factory=Branding)
    metadata: Metadata = Field(default_factory=dict)
    country: Country | None = None
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


class UpdatePaymentLink(ChangingCommand, _LinkTerms):
    """Terms left out stay as they are; null clears."""

    name: Annotated[Name | None, BeforeValidator(not_cleared)] = None
    currency: Annotated[CurrencyCode | None, BeforeValidator(not_cleared)] = None

    @model_validator(mode="before")
    @classmethod
    def _keep_what_cannot_be_cleared(cls, body: Any) -> Any:
        if not isinstance(body, Mapping):
            return body
        kept = {"allow_custom_amount", "active", "custom_fields", "branding", "metadata"}
        return {
            name: value for name, value in body.items() if value is not None or name not in kept
        }


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
