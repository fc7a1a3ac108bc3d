"""Invoice commands: change notes and due date, try again, cancel."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from commands.billing import ask_again, invoice_for_update
from commands.collection import must_not_be_gone
from commands.fields import ChangingCommand, Command, DayOrMoment, LongText, Metadata
from commands.handling.unit_of_work import UnitOfWork
from commands.invoice_payments import apply_payment_outcome
from commands.unsupported_fields import AMOUNTS_OF_AN_INVOICE, MONEY_ELSEWHERE
from domain.invoice import Invoice
from domain.payment import Payment

_CANCELED = ("canceled", "cancelled")


class CancelInvoice(Command):
    unsupported = MONEY_ELSEWHERE

    reason: LongText | None = None


def _canceled(status: str) -> str:
    if status not in _CANCELED:
        raise ValueError("can only be set to canceled")
    return status


class UpdateInvoice(ChangingCommand):
    """What is left out stays as it is; the only ``status`` that can be set is ``canceled``."""

    unsupported = MONEY_ELSEWHERE | AMOUNTS_OF_AN_INVOICE

    metadata: Metadata | None = None
    due_date: DayOrMoment | None = None
    status: Annotated[str, AfterValidator(_canceled)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _say_what_can_be_said(cls, body: Any) -> Any:
        if not isinstance(body, Mapping):
            return body
        cannot_be_cleared = ("due_date", "status")
        return {
            name: value for name, value in body.items() if value or name not in cannot_be_cleared
        }

    @property
    def cancels(self) -> bool:
        return self.status is not None


class RetryInvoice(Command):
    unsupported = MONEY_ELSEWHERE | AMOUNTS_OF_AN_INVOICE


async def update_invoice(work: UnitOfWork, invoice_id: str, command: UpdateInvoice) -> Invoice:
    invoice = await invoice_for_update(work, invoice_id)
    changes_metadata = "metadata" in command.model_fields_set
    metadata = (command.metadata or {}) if changes_metadata else None
    invoice.amend(work.now, metadata=metadata, due_at=command.due_date)
    if command.cancels and invoice.status != "canceled":
        await _cancel(work, invoice, None)
    return invoice


async def cancel_invoice(work: UnitOfWork, invoice_id: str, command: CancelInvoice) -> Invoice:
    """Its payment is canceled with it; one that a provider is at work on keeps it from that."""
    invoice = await invoice_for_update(work, invoice_id)
    await _cancel(work, invoice, command.reason)
    return invoice


async def retry_invoice(work: UnitOfWork, invoice_id: str) -> Invoice:
    """One more try of a failed one, also when the policy has no more."""
    invoice = await invoice_for_update(work, invoice_id)
    invoice.must_have_failed()
    await must_not_be_gone(work, invoice.customer_id)
    await ask_again(work, invoice)
    return invoice


async def _cancel(work: UnitOfWork, invoice: Invoice, reason: str | None) -> None:
    payment = await work.load_for_update(Payment, invoice.payment_id)
    if invoice.status == "due":
        payment.cancel(work.now, reason=reason)
        await apply_payment_outcome(work, invoice, payment)
    else:
        invoice.cancel(work.now, reason=reason)
