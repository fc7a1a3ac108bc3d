"""New payment links, and changes of their terms."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError, InvalidInput
from api.payment_links.typed_amounts import AmountInDoubt, minor_units
from console.currencies import usual_currency
from console.forms import number_in, same_text
from console.links.more import TYPES, asked_of, more_in, typed_of
from console.pages import Page
from console.problems import NONE, Problems, not_typed, problems_of
from console.routing import console_router
from domain.money import decimals, has_decimals
from domain.time_zone import zone_of

router = console_router()

_TEXTS: Final = ("description", "reference", "redirect_url", "customer_id")
# What a field shows in short: a moment without its seconds, a text without ends of lines.
_SHORTENED: Final = (*_TEXTS, "expires_at", "metadata")
_AMOUNTS: Final = ("amount", "min_amount", "max_amount")


@router.get("/console/links/new", scope="payment_links:write")
async def show_new(page: Page) -> Response:
    usual = {"currency": await usual_currency(page)}
    return _form(page, "links/new.html", usual | page.chosen("customer_id", "currency"))


@router.post("/console/links/new")
async def create(page: Page) -> Response:
    try:
        made = await page.api.post("/v1/payment-links", **_terms(page, None))
    except ApiError as error:
        return _form(page, "links/new.html", {}, error)
    return page.see(page.url("/console/links/{}", made["id"]), said="The link is ready.")


@router.get("/console/links/{link_id}/edit", scope="payment_links:write")
async def show_edit(page: Page, link_id: str) -> Response:
    link = await page.api.get("/v1/payment-links/{}", link_id)
    return _form(page, "links/edit.html", _as_typed(page, link.body), link=link.body)


@router.post("/console/links/{link_id}/edit")
async def edit(page: Page, link_id: str) -> Response:
    link = await page.api.get("/v1/payment-links/{}", link_id)
    try:
        await page.api.patch("/v1/payment-links/{}", link_id, **_changed_terms(page, link.body))
    except ApiError as error:
        return _form(page, "links/edit.html", {}, error, link=link.body)
    return page.see(page.url("/console/links/{}", link_id), said="Saved.")


@router.get("/console/links/{link_id}/delete", scope="payment_links:write")
async def show_delete(page: Page, link_id: str) -> Response:
    return await _delete(page, link_id)


@router.post("/console/links/{link_id}/delete")
async def delete(page: Page, link_id: str) -> Response:
    link = await page.api.get("/v1/payment-links/{}", link_id)
    if problems := not_typed(page, link["code"], "This is not the code above."):
        return await _delete(page, link_id, problems)
    await page.api.delete("/v1/payment-links/{}", link_id)
    return page.see(page.url("/console/links"), said="Deleted. What was paid through it stays.")


async def _delete(page: Page, link_id: str, problems: Problems = NONE) -> Response:
    link = await page.api.get("/v1/payment-links/{}", link_id)
    return page.render(
        "links/delete.html", link=link.body, problems=problems, status=problems.status
    )


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
        asked=asked_of(page.form or said),
        types=TYPES,
        problems=problems,
        # What can be read in two ways: how each is written, by its minor units.
        readings=error.readings if isinstance(error, AmountInDoubt) else {},
        status=problems.status,
        **values,
    )


def _terms(page: Page, known: Mapping[str, Any] | None) -> dict[str, Any]:
    """Of a link that changes (``known``), what is left empty is cleared."""
    form, currency = page.form, _currency(page)
    terms: dict[str, Any] = {name: form.get(name) for name in _TEXTS}
    terms |= {name: _amount(page, name, currency) for name in _AMOUNTS}
    terms |= {"name": form.get("name", ""), "currency": currency, "expires_at": _expiry(page)}
    terms |= {"allow_custom_amount": terms["amount"] is None, "max_uses": _most_uses(page)}
    terms |= more_in(form, known or {})
    if known is not None:
        return terms
    return {name: value for name, value in terms.items() if value is not None}


def _changed_terms(page: Page, known: Mapping[str, Any]) -> dict[str, Any]:
    """What is left as the form had it is not said again: it may say more than a field shows."""
    terms, written = _terms(page, known), _as_typed(page, known)
    if terms["amount"] == known["amount"]:
        del terms["allow_custom_amount"]
    untouched = {
        name for name in _SHORTENED if same_text(page.form.get(name, ""), written[name] or "")
    }
    return {
        name: value
        for name, value in terms.items()
        if name not in untouched and value != known.get(name)
    }


def _amount(page: Page, name: str, currency: str) -> int | None:
    meant = page.form.get("meant", "") if name == "amount" else ""
    try:
        return minor_units(page.form.get(name, ""), currency, meant=meant)
    except AmountInDoubt:
        raise
    except InvalidInput as error:
        reason = (error.details or {}).get("reason") or error.message
        raise InvalidInput(name, str(reason)) from None


def _currency(page: Page) -> str:
    currency = page.form.get("currency", "").strip().upper()
    if not has_decimals(currency):
        raise InvalidInput("currency", "is not a currency payments are made in: write it like GHS")
    return currency


def _most_uses(page: Page) -> int | None:
    number = number_in(page.form.get("max_uses", ""))
    if isinstance(number, str):
        raise InvalidInput("max_uses", "must be a whole number, such as 100")
    return number


def _expiry(page: Page) -> str | None:
    """By the clocks of the page's zone."""
    typed = page.form.get("expires_at")
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone_of(page.moment.tz)).isoformat()
    except ValueError:
        raise InvalidInput(
            "expires_at", "is not a moment: write it like 2026-11-28T14:05"
        ) from None


def _as_typed(page: Page, link: Mapping[str, Any]) -> dict[str, Any]:
    places = decimals(link["currency"])
    amounts = {
        name: "" if link[name] is None else str(Decimal(link[name]).scaleb(-places))
        for name in _AMOUNTS
    }
    expires = link["expires_at"]
    if expires:
        there = datetime.fromisoformat(expires).astimezone(zone_of(page.moment.tz))
        expires = there.strftime("%Y-%m-%dT%H:%M")
    return {**link, **amounts, **typed_of(link), "expires_at": expires}
