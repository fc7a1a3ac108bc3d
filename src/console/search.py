"""Search: whatever is called so, of every kind that somebody may see; also while they type."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError, InvalidInput
from api.payment_links.typed_amounts import minor_units
from console.currencies import usual_currency
from console.listings import standing
from console.pages import Page
from console.routing import console_router

router = console_router()

_FEW: Final = 5
# Fewer letters are in nearly every name; one sign of another script may be a whole name.
_LEAST_BYTES: Final = 3
_NOT_FOUND: Final = 404
_PANEL: Final = "found"
# Of a phone, say: what was typed stands first in the hit.
_NUMBER: Final = re.compile(r"[+()\d\s.-]*\d[()\d\s.-]*")
# With its currency, or with decimals: other numbers are of receipts and invoices.
_AMOUNT: Final = re.compile(r"([A-Za-z]{3}) ?(\d[\d.,]*)|(\d[\d.,]*[.,]\d{1,3})")


@dataclass(frozen=True)
class Kind:
    """``name``: as the lists in the answers of the API are called.

    ``asked`` is what the API is asked for a text, ``quickly``, while somebody types; ``order`` is
    that of the hits, where it is not the list's own. A text that is an ``id`` of this kind is
    looked up.
    """

    name: str
    section: str
    asked: str
    quickly: str
    id: str = "-"
    order: str | None = None

    @property
    def scope(self) -> str:
        return f"{self.name}:read"

    @property
    def api_path(self) -> str:
        return f"/v1/{self.name.replace('_', '-')}"


_KINDS: Final = (
    Kind("customers", "customers", "search", "search", order="last_payment_at"),
    Kind("payments", "payments", "search", "named"),
    Kind("payment_links", "links", "search", "search"),
    Kind("invoices", "invoices", "number", "number", "inv_[0-9a-z]{26}"),
    Kind("subscriptions", "subscriptions", "plan_id", "plan_id", "sub_[0-9a-z]{26}"),
)


@router.get("/console/search")
async def search(page: Page) -> Response:
    text = page.query.get("q", "").strip()
    kinds = [each for each in _KINDS if page.may(each.scope)]
    if page.part == _PANEL:
        enough = len(text.encode()) >= _LEAST_BYTES
        groups = await _groups(page, kinds if enough else [], text, _quickly)
        is_number = _NUMBER.fullmatch(text) is not None
        return page.render("search/panel.html", text=text, groups=groups, is_number=is_number)
    groups = await _groups(page, kinds if text else [], text, _asked)
    if any(each.name == "payments" for each in kinds):
        groups += await _of_amount(page, text)
    found = [(group["section"], row) for group in groups for row in group["rows"]]
    if len(found) == 1:
        [(section, row)] = found
        return page.see(page.url(f"/console/{section}/{{}}", row["id"]))
    return page.render("search/page.html", text=text, groups=groups)


def _quickly(kind: Kind) -> str:
    return kind.quickly


def _asked(kind: Kind) -> str:
    return kind.asked


async def _groups(
    page: Page, kinds: Iterable[Kind], text: str, way: Callable[[Kind], str]
) -> list[dict[str, Any]]:
    found = [await _found(page, each, text, way(each)) for each in kinds]
    return [each for each in found if each["rows"]]


async def _of_amount(page: Page, text: str) -> list[dict[str, Any]]:
    """Payments of so much, in the currency that is written beside it, or is the usual one."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return []
    currency = (match[1] or await usual_currency(page)).upper()
    typed = match[2] or match[3]
    try:
        amount = minor_units(typed, currency)
    except InvalidInput:
        return []
    within = {"currency": currency, "amount_min": amount, "amount_max": amount}
    answer = await page.api.get("/v1/payments", **within, limit=_FEW)
    place = page.url("/console/payments", currency=currency, amount_from=typed, amount_to=typed)
    group = {"name": "payments", "section": "payments", "all": place}
    return [group | standing(page, answer, limit=_FEW)] if answer.body else []


async def _found(page: Page, kind: Kind, text: str, asked: str) -> dict[str, Any]:
    named = {"name": kind.name, "section": kind.section}
    if re.fullmatch(kind.id, text):
        return {**named, "all": "", "rows": await _known(page, kind, text)}
    query = {asked: text}
    answer = await page.api.get(kind.api_path, **query, sort_by=kind.order, limit=_FEW)
    named["all"] = page.url(f"/console/{kind.section}", **query)
    if isinstance(answer.body, list):
        return {**named, **standing(page, answer, limit=_FEW)}
    pagination = answer["pagination"]
    exact = {"total": pagination["total"], "is_exact": pagination["total_is_exact"]}
    return {**named, "rows": answer[kind.name], **exact}


async def _known(page: Page, kind: Kind, text: str) -> list[Any]:
    try:
        return [(await page.api.get(f"{kind.api_path}/{{}}", text)).body]
    except ApiError as error:
        if error.status != _NOT_FOUND:
            raise
        return []
