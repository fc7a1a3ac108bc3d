"""A new subscription, and changes of the plan of one."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError, InvalidInput
from api.payment_links.typed_amounts import AmountInDoubt, minor_units
from console.currencies import usual_currency
from console.forms import number_in
from console.pages import Page
from console.payments.naming import METHODS
from console.problems import problems_of
from console.routing import console_router
from domain.money import decimals, has_decimals

router = console_router()

_TEXTS: Final = ("customer_id", "plan_id", "method", "interval", "start_date")
_PLAN: Final = ("plan_id", "method", "interval")


@router.get("/console/subscriptions/new", scope="subscriptions:write")
async def show_new(page: Page) -> Response:
    usual = {"currency": await usual_currency(page)}
    return _form(page, "subscriptions/new.html", usual | {**page.query})


@router.post("/console/subscriptions/new")
async def create(page: Page) -> Response:
    try:
        made = await page.api.post("/v1/subscriptions", **_said(page))
    except ApiError as error:
        return _form(page, "subscriptions/new.html", {}, error)
    place = page.url("/console/subscriptions/{}", made["id"])
    return page.see(place, said="The subscription has begun.")


@router.get("/console/subscriptions/{subscription_id}/edit", scope="subscriptions:write")
async def show_edit(page: Page, subscription_id: str) -> Response:
    return await _edit(page, subscription_id)


@router.post("/console/subscriptions/{subscription_id}/edit")
async def edit(page: Page, subscription_id: str) -> Response:
    try:
        known = await page.api.get("/v1/subscriptions/{}", subscription_id)
        said = _texts(page, *_PLAN) | {"amount": _amount(page, known["currency"])}
        await page.api.patch("/v1/subscriptions/{}", subscription_id, **said)
    except ApiError as error:
        return await _edit(page, subscription_id, error)
    place = page.url("/console/subscriptions/{}", subscription_id)
    return page.see(place, said="Saved: it goes from the next invoice on.")


async def _edit(page: Page, subscription_id: str, error: ApiError | None = None) -> Response:
    known = (await page.api.get("/v1/subscriptions/{}", subscription_id)).body
    places = decimals(known["currency"])
    said = {**known, "amount": str(Decimal(known["amount"]).scaleb(-places))}
    return _form(page, "subscriptions/edit.html", said, error, subscription=known)


def _form(
    page: Page,
    template: str,
    said: Mapping[str, Any],
    error: ApiError | None = None,
    **values: Any,
) -> Response:
    """With what was said, where something was wrong with it."""
    problems = problems_of(error)
    return page.render(
        template,
        said=page.form or said,
        methods=METHODS,
        problems=problems,
        # What can be read in two ways: how each is written, by its minor units.
        readings=error.readings if isinstance(error, AmountInDoubt) else {},
        status=problems.status,
        **values,
    )


def _said(page: Page) -> dict[str, Any]:
    currency = page.form.get("currency", "").strip().upper()
    if not has_decimals(currency):
        raise InvalidInput("currency", "is not a currency payments are made in: write it like GHS")
    said = _texts(page, *_TEXTS) | {"currency": currency, "amount": _amount(page, currency)}
    days = number_in(page.form.get("trial_days", ""))
    if isinstance(days, str):
        raise InvalidInput("trial_days", "must be a whole number of days, such as 14")
    return said if days is None else said | {"trial_days": days}


def _texts(page: Page, *names: str) -> dict[str, Any]:
    return {name: page.form[name].strip() for name in names if page.form.get(name)}


def _amount(page: Page, currency: str) -> int:
    typed = page.form.get("amount", "")
    amount = minor_units(typed, currency, meant=page.form.get("meant", ""))
    if amount is None:
        raise InvalidInput("amount", "is needed")
    return amount
