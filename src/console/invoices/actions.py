"""What may be done with an invoice: try again, paid already, another day, not wanted any more."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError, InvalidInput, no_such_route
from console.actions import Action
from console.pages import Page
from console.problems import problems_of
from console.routing import console_router
from console.states import word_of

router = console_router()

_PAID: Final = "paid"

ACTIONS: Final[Mapping[str, Action]] = {
    "retry": Action(
        "Try again",
        "Try again",
        "The money is asked for once more, also when the policy has no more tries.",
        "Tried again.",
        ("failed",),
    ),
    "paid": Action(
        "Record as paid",
        "Record as paid",
        "In cash, say: it is your word that the money came, and nobody is asked for it any more.",
        "Recorded as paid.",
        ("draft", "due", "failed"),
        ("provider", "provider_ref_id"),
    ),
    "due": Action(
        "Change the due date",
        "Change the due date",
        "Another day on which it is due.",
        "Saved.",
        ("draft", "due", "failed"),
        ("due_date",),
    ),
    "cancel": Action(
        "Cancel",
        "Cancel the invoice",
        "The money is not wanted any more: its payment is canceled with it.",
        "Canceled.",
        ("draft", "due", "failed"),
        ("reason",),
        "danger",
    ),
}


def possible(page: Page, invoice: Mapping[str, Any]) -> list[tuple[str, Action]]:
    if not page.may_change("invoices:write"):
        return []
    return [
        (name, action)
        for name, action in ACTIONS.items()
        if invoice["status"] in action.of and (name != _PAID or page.may("payments:write"))
    ]


@router.get("/console/invoices/{invoice_id}/{action}", scope="invoices:write")
async def show_action(page: Page, invoice_id: str, action: str) -> Response:
    return await _form(page, invoice_id, action)


@router.post("/console/invoices/{invoice_id}/{action}")
async def act(page: Page, invoice_id: str, action: str) -> Response:
    named = _named(page, action)
    try:
        await _carry_out(page, invoice_id, action)
    except ApiError as error:
        return await _form(page, invoice_id, action, error)
    return page.see(page.url("/console/invoices/{}", invoice_id), said=named.said)


async def _carry_out(page: Page, invoice_id: str, action: str) -> None:
    if action == "due":
        if not page.form.get("due_date"):
            raise InvalidInput("due_date", "is needed")
        await page.api.patch("/v1/invoices/{}", invoice_id, due_date=page.form["due_date"])
        return
    if action == _PAID:
        await _record_payment(page, invoice_id)
        return
    said = {"reason": page.form["reason"]} if page.form.get("reason") else {}
    await page.api.post(f"/v1/invoices/{{}}/{action}", invoice_id, **said)


async def _record_payment(page: Page, invoice_id: str) -> None:
    """With a reference also a payment that failed: the money came late.

    One that has the money already is not asked to take another reference, which it would keep.
    """
    invoice = await page.api.get("/v1/invoices/{}", invoice_id)
    said = {name: page.form.get(name, "").strip() for name in ACTIONS[_PAID].fields}
    if needed := {name: "is needed" for name, value in said.items() if not value}:
        raise InvalidInput(*next(iter(needed.items())), problems=needed)
    if invoice["status"] in ACTIONS[_PAID].of:
        payment = await page.api.post("/v1/payments/{}/confirm", invoice["payment_id"], **said)
    else:
        payment = await page.api.get("/v1/payments/{}", invoice["payment_id"])
    if not payment["captured_amount"] or any(payment[name] != said[name] for name in said):
        raise _not_recorded(payment.body)


def _not_recorded(payment: Mapping[str, Any]) -> ApiError:
    state = f"is {word_of(payment['status']).lower()}"
    if payment["captured_amount"]:
        known = {"by": payment["provider"], "with the reference": payment["provider_ref_id"]}
        said = " ".join(f"{word} {name}" for word, name in known.items() if name)
        state = ", ".join(filter(None, ("is recorded already", said)))
    return ApiError(409, "conflict", "not_recorded", f"nothing was recorded: the payment {state}")


async def _form(
    page: Page, invoice_id: str, action: str, error: ApiError | None = None
) -> Response:
    named, problems = _named(page, action), problems_of(error)
    invoice = await page.api.get("/v1/invoices/{}", invoice_id)
    return page.render(
        "invoices/action.html",
        invoice=invoice.body,
        action=named,
        problems=problems,
        status=problems.status,
    )


def _named(page: Page, action: str) -> Action:
    if action not in ACTIONS:
        raise no_such_route(page.path)
    return ACTIONS[action]
