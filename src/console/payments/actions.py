"""What may be done with a payment: each a form that says what follows, and one command."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError, InvalidInput, no_such_route
from api.payment_links.typed_amounts import AmountInDoubt, minor_units
from console.actions import Action
from console.pages import Page
from console.payments.naming import name_of
from console.payments.receipts import Destination, destination_of
from console.problems import problems_of
from console.routing import console_router
from domain.money import decimals, has_decimals

router = console_router()

_OF_CENTS: Final = 2
_COLLECTED: Final = ("succeeded", "partially_refunded")


@dataclass(frozen=True)
class PaymentAction(Action):
    """``call``: of which route, where it is called otherwise than the action."""

    call: str = ""


ACTIONS: Final[Mapping[str, PaymentAction]] = {
    "refund": PaymentAction(
        "Refund",
        "Refund {amount}",
        "It counts from now on as given back. Whence moves no money: pay it back at your provider "
        "as well, unless you have done so already.",
        "Refunded {amount}.",
        _COLLECTED,
        ("amount", "reason", "provider_refund_id"),
    ),
    "capture": PaymentAction(
        "Capture",
        "Capture {amount}",
        "Takes what was set aside, all of it or a part.",
        "Captured.",
        ("authorized", "partially_captured"),
        ("amount", "final"),
    ),
    "confirm": PaymentAction(
        "Record as paid",
        "Record as paid",
        "In live mode it is your word that the money came; in test mode the provider is asked.",
        "Asked for, and recorded as it was answered.",
        ("pending", "requires_action", "processing"),
        ("provider", "provider_ref_id"),
    ),
    "retry": PaymentAction(
        "Try again",
        "Try again",
        "The provider is asked for the money once more.",
        "Tried again.",
        ("failed",),
    ),
    "dispute": PaymentAction(
        "Record a dispute",
        "Record the dispute",
        "The payer asked their bank for the money back. It counts as lost once that is decided so.",
        "The dispute is recorded.",
        (*_COLLECTED, "refunded"),
        ("amount", "reason"),
    ),
    "resolve": PaymentAction(
        "Resolve the dispute",
        "Resolve the dispute",
        "Won: all is as before. Lost: the disputed amount is gone.",
        "The dispute is decided.",
        ("disputed",),
        ("outcome",),
        call="dispute/resolve",
    ),
    "receipt": PaymentAction(
        "Send the receipt",
        "Send the receipt",
        "It goes to the customer's address once more, marked as a copy.",
        "The receipt is on its way.",
        (*_COLLECTED, "refunded", "disputed", "partially_captured"),
    ),
    "cancel": PaymentAction(
        "Cancel",
        "Cancel the payment",
        "The money is not wanted any more. Of what is captured in part, the rest is let go.",
        "Canceled.",
        ("pending", "requires_action", "authorized", "partially_captured"),
        ("reason",),
        "danger",
    ),
}


@router.get("/console/payments/{payment_id}/{action}", scope="payments:write")
async def show_action(page: Page, payment_id: str, action: str) -> Response:
    return await _form(page, payment_id, action)


@router.post("/console/payments/{payment_id}/{action}")
async def act(page: Page, payment_id: str, action: str) -> Response:
    done = _named(page, action)
    try:
        payment = await page.api.get("/v1/payments/{}", payment_id)
        said = _said(page, done, payment["currency"])
        told = await page.api.post(f"/v1/payments/{{}}/{done.call or action}", payment_id, **said)
    except ApiError as error:
        return await _form(page, payment_id, action, error)
    amount = page.writer.money(told.body.get("amount"), payment["currency"])
    return page.see(
        page.url("/console/payments/{}", payment_id), said=done.said.format(amount=amount)
    )


async def _form(
    page: Page, payment_id: str, action: str, error: ApiError | None = None
) -> Response:
    """With what was said, where something was wrong with it."""
    named, problems = _named(page, action), problems_of(error)
    payment = await page.api.get("/v1/payments/{}", payment_id)
    is_sent, left = action == "receipt", _left(action, payment.body)
    return page.render(
        "payments/action.html",
        payment=payment.body,
        title=name_of(payment.body),
        action=named,
        left=left,
        # What it says of an amount that is left empty.
        button=named.button.format(
            amount=page.writer.money(left, payment["currency"]) if left else ""
        ).strip(),
        half=_half(left, payment["currency"]) if left else None,
        destination=await destination_of(page, payment.body) if is_sent else Destination(),
        problems=problems,
        # What can be read in two ways: how each is written, by its minor units.
        readings=error.readings if isinstance(error, AmountInDoubt) else {},
        status=problems.status,
    )


def _named(page: Page, action: str) -> PaymentAction:
    if action not in ACTIONS:
        raise no_such_route(page.path)
    return ACTIONS[action]


def _said(page: Page, action: Action, currency: str) -> dict[str, Any]:
    said: dict[str, Any] = {name: page.form[name] for name in action.fields if name in page.form}
    if "amount" in said:
        said["amount"] = minor_units(said["amount"], currency, meant=page.form.get("meant", ""))
        # To the API 0 is all that is left; nobody who types it means that.
        if said["amount"] == 0:
            raise InvalidInput("amount", "must be more than 0")
    if "final" in said:
        said["final"] = True
    return said


def _half(left: int, currency: str) -> tuple[int, str] | None:
    """In minor units and as it is typed; None where there is none, or two ways to read it."""
    if not has_decimals(currency) or decimals(currency) > _OF_CENTS:
        return None
    half = left // 2
    return (half, str(Decimal(half).scaleb(-decimals(currency)))) if half else None


def _left(action: str, payment: Mapping[str, Any]) -> int | None:
    """How much the action can be about at most; None where that is no question."""
    if action == "capture":
        left: int = payment["authorized_amount"] - payment["captured_amount"]
        return left
    if action in ("refund", "dispute"):
        gone = payment["refunded_amount"] + payment["disputed_amount"]
        kept: int = payment["captured_amount"] - gone
        return kept
    return None
