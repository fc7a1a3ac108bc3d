"""Receipt commands: send one again. Who paid is written to, by email, as a workflow says.

That it was asked for is a fact, and the message follows from it: once, tried again, and told with
what it followed from as every other.
"""

from dataclasses import dataclass

from commands.handling.unit_of_work import UnitOfWork
from commands.receipt_workflows import begin_copies
from domain.customer import Customer
from domain.errors import Conflict, RuleBroken
from domain.integration import INTEGRATION, Integration, usual_of
from domain.payment import Payment
from domain.receipt_number import receipt_number


class NobodyToWriteTo(RuleBroken):
    code = "no_recipient"

    def __init__(self, payment_id: str, why: str) -> None:
        super().__init__(f"the receipt of {payment_id} cannot be sent: {why}")


class WritesNoMore(RuleBroken):
    code = "recipient_suppressed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the customer is not written to by email: {reason}", reason=reason)


class NothingToSendThrough(Conflict):
    code = "no_integration"

    def __init__(self) -> None:
        super().__init__("there is no active integration of type email to send it through")


class CopiesSwitchedOff(Conflict):
    code = "receipts_switched_off"

    def __init__(self) -> None:
        super().__init__(
            "no workflow sends copies of receipts: enable the one that did, or make one for"
            " receipt.requested"
        )


@dataclass(frozen=True)
class RequestedReceipt:
    """A copy that is on its way to an address, by email."""

    payment_id: str
    customer_id: str
    number: str
    to: str
    integration_id: str


async def send_receipt_again(work: UnitOfWork, payment_id: str) -> RequestedReceipt:
    """To the customer's address as it is now, through the usual integration.

    Raises NotPaid, NobodyToWriteTo, WritesNoMore, NothingToSendThrough, CopiesSwitchedOff.
    """
    # Before the fact that sets it off, should it begin with it.
    is_sent = await begin_copies(work)
    payment = await work.load_for_update(Payment, payment_id)
    payment.request_receipt(work.now)
    customer = await _customer(work, payment)
    integration = await _usual_integration(work)
    if not is_sent:
        raise CopiesSwitchedOff
    address = customer.personal["email"] or ""
    return RequestedReceipt(
        payment.id, customer.id, receipt_number(payment.id), address, integration.id
    )


async def _customer(work: UnitOfWork, payment: Payment) -> Customer:
    """Who may be written to."""
    if payment.customer_id is None:
        raise NobodyToWriteTo(payment.id, "nobody is known who paid")
    customer = await work.load_recent(Customer, payment.customer_id)
    if customer.deleted:
        raise NobodyToWriteTo(payment.id, "who paid was deleted")
    if not customer.personal["email"]:
        raise NobodyToWriteTo(payment.id, "the customer has no email")
    reason = customer.withdrawal("email", transactional=True)
    if reason is not None:
        raise WritesNoMore(reason)
    return customer


async def _usual_integration(work: UnitOfWork) -> Integration:
    found = await work.owners(INTEGRATION, "email\n")
    usual = usual_of([await work.load_recent(Integration, stream) for _, stream in found])
    if usual is None:
        raise NothingToSendThrough
    return usual
