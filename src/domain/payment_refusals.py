"""Payment refusals: what a payment answers instead of doing what it was asked."""

from datetime import datetime
from typing import ClassVar

from domain.errors import Conflict, NotFound, RuleBroken
from domain.moments import written
from domain.money import shown


class PaymentNotFound(NotFound):
    code = "payment_not_found"

    def __init__(self, payment_id: str) -> None:
        super().__init__(f"no payment {payment_id}", payment_id=payment_id)


class WrongStatus(RuleBroken):
    def __init__(self, action: str, status: str, how: str = "") -> None:
        super().__init__(
            f"cannot {action} a payment that is {status}{how}", status=status, action=action
        )


class GivenUp(WrongStatus):
    """Money may still have come: whoever says so says how the provider calls it."""

    def __init__(self, status: str) -> None:
        super().__init__(
            "confirm", status, ": what was paid after all is confirmed with its provider_ref_id"
        )


class NothingPaid(WrongStatus):
    """The provider called the authorization so, and said nothing of money."""

    def __init__(self, status: str) -> None:
        super().__init__(
            "confirm",
            status,
            ": its authorization had that provider_ref_id; say the amount that was paid after all",
        )


class NotPaid(RuleBroken):
    code = "payment_not_paid"

    def __init__(self, payment_id: str, status: str) -> None:
        super().__init__(
            f"payment {payment_id} has not been paid, so there is no receipt", status=status
        )


class BeforeItsCause(RuleBroken):
    code = "validation_error"

    def __init__(self, what: str, at: datetime, cause: str, since: datetime) -> None:
        super().__init__(
            f"{what} cannot have happened at {written(at)}, before {cause} at {written(since)}",
            field="occurred_at",
            occurred_at=written(at),
            not_before=written(since),
        )


class AnotherCurrency(RuleBroken):
    code = "invalid_currency"

    def __init__(self, asked: str, said: str) -> None:
        super().__init__(
            f"this payment is one in {asked}: nothing about it is in {said}", field="currency"
        )


class InvalidAmount(RuleBroken):
    code = "invalid_amount"


class NotPositive(InvalidAmount):
    def __init__(self, amount: int) -> None:
        super().__init__(f"an amount is at least 1, not {amount}", field="amount")


class PaidWhenCaptured(InvalidAmount):
    def __init__(self) -> None:
        super().__init__(
            "nothing of this payment is paid before it is captured: say the amount there",
            field="amount",
        )


class AmountExceedsWhatIsLeft(InvalidAmount):
    action: ClassVar[str]

    def __init__(self, amount: int, left: int, currency: str) -> None:
        super().__init__(
            f"cannot {self.action} {shown(amount, currency)}: {shown(left, currency)} left",
            field="amount",
            left=left,
        )


class RefundExceedsPayment(AmountExceedsWhatIsLeft):
    action = "refund"


class CaptureExceedsAuthorization(AmountExceedsWhatIsLeft):
    action = "capture"


class DisputeExceedsPayment(AmountExceedsWhatIsLeft):
    action = "dispute"


class ProviderReferenceTaken(Conflict):
    code = "provider_reference_taken"

    def __init__(self, reference: str, payment_id: str) -> None:
        super().__init__(
            f"the provider's reference {reference!r} stands for payment {payment_id}",
            reference=reference,
            payment_id=payment_id,
        )


class ConfirmationDiffers(Conflict):
    code = "confirmation_differs"

    def __init__(self, amount: int, said: int, currency: str) -> None:
        recorded, differs = shown(amount, currency), shown(said, currency)
        super().__init__(
            f"this payment was confirmed with {recorded}, not {differs}",
            field="amount",
            amount=amount,
        )


class RefundDiffers(Conflict):
    code = "refund_differs"

    def __init__(self, refund_id: str, amount: int, said: int, currency: str) -> None:
        recorded, differs = shown(amount, currency), shown(said, currency)
        super().__init__(
            f"refund {refund_id} of that name was recorded with {recorded}, not {differs}",
            field="amount",
            refund_id=refund_id,
            amount=amount,
        )


class AlreadyAttached(RuleBroken):
    # It does not say whose: not everybody who may change payments may know the customers.
    def __init__(self, payment_id: str, status: str) -> None:
        super().__init__(
            f"payment {payment_id} has a customer already", status=status, action="attach"
        )
