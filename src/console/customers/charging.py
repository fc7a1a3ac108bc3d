"""Asking a customer for money: a payment link for them, or a payment that was made elsewhere."""

from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError, InvalidInput
from api.payment_links.typed_amounts import AmountInDoubt, minor_units
from console.currencies import usual_currency
from console.pages import Page
from console.problems import problems_of
from console.routing import console_router
from domain.money import has_decimals
from domain.time_zone import zone_of

router = console_router()

METHODS: Final = (
    ("mobile_money", "Mobile money"),
    ("card", "Card"),
    ("bank_transfer", "Bank transfer"),
    ("ussd", "USSD"),
)


@router.get("/console/customers/{customer_id}/link", scope="payment_links:write")
async def show_link(page: Page, customer_id: str) -> Response:
    return await _form(page, "customers/link.html", customer_id)


@router.post("/console/customers/{customer_id}/link")
async def create_link(page: Page, customer_id: str) -> Response:
    try:
        amount = _amount(page)
        made = await page.api.post(
            "/v1/payment-links",
            customer_id=customer_id,
            name=page.form.get("name", ""),
            currency=_currency(page),
            amount=amount,
            allow_custom_amount=amount is None,
            max_uses=1 if page.form.get("once_only") else None,
        )
    except ApiError as error:
        return await _form(page, "customers/link.html", customer_id, error)
    return page.see(page.url("/console/links/{}", made["id"]), said="The link is ready.")


@router.get("/console/customers/{customer_id}/payment", scope="payments:write")
async def show_payment(page: Page, customer_id: str) -> Response:
    return await _form(page, "customers/payment.html", customer_id)


@router.post("/console/customers/{customer_id}/payment")
async def record_payment(page: Page, customer_id: str) -> Response:
    """Asked for and confirmed: the word of whoever looks that the money was taken."""
    try:
        amount = _amount(page)
        if amount is None:
            raise InvalidInput("amount", "is needed")
        payment = await page.api.post("/v1/payments/intents", **_payment(page, customer_id, amount))
        await page.api.post("/v1/payments/{}/confirm", payment["id"], **_confirmation(page))
    except ApiError as error:
        return await _form(page, "customers/payment.html", customer_id, error)
    return page.see(page.url("/console/customers/{}", customer_id), said="The payment is recorded.")


def _payment(page: Page, customer_id: str, amount: int) -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        "amount": amount,
        "currency": _currency(page),
        "method": page.form.get("method", "card"),
        **_said(page, "description", "reference"),
        **_when(page),
    }


def _confirmation(page: Page) -> dict[str, Any]:
    return _said(page, "provider", "provider_ref_id") | _when(page)


def _said(page: Page, *names: str) -> dict[str, Any]:
    return {name: page.form[name] for name in names if page.form.get(name)}


def _when(page: Page) -> dict[str, str]:
    """By the clocks of the page's zone."""
    typed = page.form.get("paid_at")
    if not typed:
        return {}
    try:
        there = datetime.fromisoformat(typed).replace(tzinfo=zone_of(page.moment.tz))
    except ValueError:
        raise InvalidInput(
            "occurred_at", "is not a moment: write it like 2026-11-28T14:05"
        ) from None
    return {"occurred_at": there.isoformat()}


def _amount(page: Page) -> int | None:
    return minor_units(
        page.form.get("amount", ""), _currency(page), meant=page.form.get("meant", "")
    )


def _currency(page: Page) -> str:
    currency = page.form.get("currency", "").strip().upper()
    if not has_decimals(currency):
        raise InvalidInput("currency", "is not a currency payments are made in: write it like GHS")
    return currency


async def _form(
    page: Page, template: str, customer_id: str, error: ApiError | None = None
) -> Response:
    """With what was said, where something was wrong with it."""
    problems = problems_of(error, occurred_at="paid_at")
    customer = await page.api.get("/v1/customers/{}", customer_id)
    return page.render(
        template,
        customer=customer.body,
        currency=customer["currency"] or await usual_currency(page),
        methods=METHODS,
        problems=problems,
        # What can be read in two ways: how each is written, by its minor units.
        readings=error.readings if isinstance(error, AmountInDoubt) else {},
        status=problems.status,
    )
