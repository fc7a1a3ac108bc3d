"""Payment commands: create, change, confirm, fail, cancel, expire, retry and capture a payment."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from commands.client_secrets import check_client_secret
from commands.collection import must_not_be_gone
from commands.fields import (
    Amount,
    AmountOrAll,
    ChangingCommand,
    Command,
    CountryCode,
    CurrencyCode,
    LongText,
    Metadata,
    Method,
    Moment,
    Network,
    Object,
    ProviderName,
    ProviderReference,
    Text,
)
from commands.handling.providers import Accepts, Verdict, Waits
from commands.handling.unit_of_work import UnitOfWork
from commands.invoice_payments import must_not_be_invoiced
from commands.link_uses import link_name, must_have_uses_left
from commands.payer_details import keep_payer_details, payer_known_first
from commands.payers import address_in, known_by_id, payer
from commands.payment_outcomes import payment_for_update, propagate_outcome
from commands.provider_references import claim_reference
from commands.typed_phones import in_e164, read_phone, stated_country
from commands.verdicts import apply_verdict, happened
from domain.customer import Customer, Personal
from domain.payer_details import ALL
from domain.payment import Payment
from domain.payment_refusals import AlreadyAttached
from domain.payment_types import CaptureMethod, Source
from domain.places import usual_country


class CreatePayment(Command):
    """Only ``amount`` and ``currency`` are needed. ``customer_id`` may be any name of theirs.

    ``source…`` say where a payment came from that this service did not bring about itself.
    """

    amount: Amount
    currency: CurrencyCode
    method: Method = "card"
    country: CountryCode | None = None
    customer_id: Text | None = None
    phone: Text | None = None
    network: Network | None = None
    reference: Text | None = None
    description: LongText | None = None
    metadata: Metadata = Field(default_factory=dict)
    capture_method: CaptureMethod = "automatic"
    source: Source = "api"
    source_id: Text | None = None
    source_description: Text | None = None
    occurred_at: Moment | None = None
    # Understood and without effect: one provider, and no card is kept.
    save_payment_method: bool | None = None
    payment_method_id: Text | None = None
    policy: Object | None = None

    @model_validator(mode="after")
    def _came_from_somewhere(self) -> Self:
        if self.source != "api" and self.source_id is None:
            raise ValueError(f"source_id is required when source is {self.source}")
        return self


class AmendPayment(ChangingCommand):
    """Amount, metadata or customer. A customer can be given at any time, once; the rest early."""

    amount: Amount | None = None
    currency: CurrencyCode | None = None
    metadata: Metadata | None = None
    customer_id: Text | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.amount is None and self.customer_id is None and not self.changes_metadata:
            raise ValueError("nothing to change: give amount, metadata or customer_id")
        return self

    @property
    def changes_metadata(self) -> bool:
        return "metadata" in self.model_fields_set


class ConfirmPayment(Command):
    """In live mode the merchant's word that their provider took the money.

    ``amount``: what was really paid, when that is not what was asked, in the ``currency`` asked.
    """

    provider: ProviderName | None = None
    provider_ref_id: ProviderReference | None = None
    amount: Amount | None = None
    currency: CurrencyCode | None = None
    occurred_at: Moment | None = None


class FailPayment(Command):
    """The merchant's word that their provider did not take the money."""

    code: Text = "payment_failed"
    message: LongText = "the payment failed"
    occurred_at: Moment | None = None


class CancelPayment(Command):
    reason: LongText | None = None


class ExpirePayment(Command):
    pass


class RetryPayment(Command):
    pass


class CapturePayment(Command):
    """0 or no amount: all that is set aside. ``final``: what is left after this is let go."""

    amount: AmountOrAll | None = None
    currency: CurrencyCode | None = None
    final: bool = False
    occurred_at: Moment | None = None


async def create_payment(
    work: UnitOfWork, command: CreatePayment, *, by_visitor: bool = False
) -> Payment:
    """The payment as the provider left it: a refusal of the provider is a failed payment.

    ``by_visitor``: nobody vouches for who it is by. What is said of them waits until they have
    paid, and no customer is made or changed until then.
    """
    occurred_at = happened(work, command.occurred_at)
    country = await stated_country(work, command.country)
    phone = read_phone(command.phone, country, command.currency)
    meant = command.customer_id
    if by_visitor:
        customer = await known_by_id(work, meant) if meant else None
        said = Personal(email=address_in(meant or ""), phone=phone, name=None)
    else:
        customer = await payer(work, meant, in_e164(phone)) if meant else None
        said = Personal(email=None, phone=_unknown(phone, customer), name=None)
    payment = Payment.create(
        work.ids.new("pay"),
        amount=command.amount,
        currency=command.currency,
        customer_id=None if customer is None else customer.id,
        source=command.source,
        source_id=command.source_id,
        source_description=command.source_description or await link_name(work, command.source_id),
        method=command.method,
        provider=work.provider.name,
        country=country or usual_country(command.currency),
        reference=command.reference,
        description=command.description,
        metadata=command.metadata,
        capture_method=command.capture_method,
        now=work.now,
        occurred_at=occurred_at,
    )
    work.add(payment)
    believed = ALL if by_visitor else ()
    keep_payer_details(work, payment, said, believed=believed, network=command.network)
    await apply_verdict(work, payment, await work.provider.create(payment), occurred_at=occurred_at)
    await propagate_outcome(work, payment)
    return payment


async def amend_payment(
    work: UnitOfWork, payment_id: str, command: AmendPayment, *, secretly: bool = False
) -> Payment:
    """To give a payment the customer it has changes nothing.

    ``secretly``: it is refused like any other, for one could ask for one after the other.
    """
    payment = await work.load_for_update(Payment, payment_id)
    payment.must_be_in(command.currency)
    if command.amount is not None or command.changes_metadata:
        metadata = (command.metadata or {}) if command.changes_metadata else None
        if command.amount not in (None, payment.amount):
            await must_not_be_invoiced(work, payment)
        payment.amend(work.now, amount=command.amount, metadata=metadata)
    if command.customer_id is not None:
        if payment.customer_id is not None and secretly:
            raise AlreadyAttached(payment.id, payment.status)
        payment.attach((await payer(work, command.customer_id)).id, work.now)
    return payment


async def confirm_payment(work: UnitOfWork, payment_id: str, command: ConfirmPayment) -> Payment:
    """A payment that is confirmed already stays as it is.

    With a provider's reference also what was canceled, expired or failed: the money came late.
    """
    payment = await payment_for_update(work, payment_id)
    provider, reference = command.provider or payment.provider, command.provider_ref_id
    payment.must_be_in(command.currency)
    is_repeated = payment.was_confirmed_as(provider, reference)
    if reference is not None and not is_repeated:
        await claim_reference(work, payment, provider, reference)
    if is_repeated or payment.is_confirmed:
        payment.must_have_been_paid(command.amount)
        return payment
    payment.must_be_confirmable(reference, command.amount)
    verdict: Verdict = Accepts()
    if payment.is_open:
        verdict = await work.provider.confirm(payment, "merchant")
    await apply_verdict(work, payment, verdict, **_stated(work, command))
    await propagate_outcome(work, payment)
    return payment


async def confirm_intent(work: UnitOfWork, payment_id: str, client_secret: str) -> Payment:
    """The payer's browser says it is done; in live mode that proves nothing, and changes nothing.

    The book is the one the secret names: ``commands.client_secrets.book_of``.
    """
    await check_client_secret(work, payment_id, client_secret)
    payment = await payment_for_update(work, payment_id)
    if not payment.is_confirmed:
        if payment.is_open:
            await must_have_uses_left(work, payment)
        verdict = await work.provider.confirm(payment, "payer")
        if verdict != Waits():
            payment.must_be_open("confirm")
            await apply_verdict(work, payment, verdict)
            await propagate_outcome(work, payment)
    return payment


async def fail_payment(work: UnitOfWork, payment_id: str, command: FailPayment) -> Payment:
    payment = await payment_for_update(work, payment_id)
    occurred_at = happened(work, command.occurred_at)
    payment.fail(command.code, command.message, work.now, occurred_at=occurred_at)
    await propagate_outcome(work, payment)
    return payment


async def cancel_payment(work: UnitOfWork, payment_id: str, command: CancelPayment) -> Payment:
    payment = await payment_for_update(work, payment_id)
    await payer_known_first(
        work, payment, lambda payment: payment.cancel(work.now, reason=command.reason)
    )
    await propagate_outcome(work, payment)
    return payment


async def expire_payment(work: UnitOfWork, payment_id: str) -> Payment:
    payment = await payment_for_update(work, payment_id)
    payment.expire(work.now)
    await propagate_outcome(work, payment)
    return payment


async def retry_payment(work: UnitOfWork, payment_id: str) -> Payment:
    payment = await payment_for_update(work, payment_id)
    payment.retry(work.now)
    await must_not_be_gone(work, payment.customer_id)
    await apply_verdict(work, payment, await work.provider.retry(payment))
    await propagate_outcome(work, payment)
    return payment


async def capture_payment(work: UnitOfWork, payment_id: str, command: CapturePayment) -> Payment:
    payment = await payment_for_update(work, payment_id)
    payment.must_be_in(command.currency)
    taken_at = happened(work, command.occurred_at)
    await payer_known_first(
        work,
        payment,
        lambda payment: payment.capture(
            command.amount or None, work.now, final=command.final, occurred_at=taken_at
        ),
    )
    await propagate_outcome(work, payment)
    return payment


def _unknown(phone: str | None, customer: Customer | None) -> str | None:
    """The number, where it does not stand with the customer."""
    return None if customer is not None and customer.personal["phone"] == phone else phone


def _stated(work: UnitOfWork, command: ConfirmPayment) -> Mapping[str, Any]:
    return {
        "provider": command.provider,
        "provider_ref_id": command.provider_ref_id,
        "amount": command.amount,
        "occurred_at": happened(work, command.occurred_at),
    }
