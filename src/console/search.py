"""Search: whatever is called so, of every kind that somebody may see; also while they type."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.listings import standing
from console.pages import Page
from console.routing import console_router

router = console_router()

_FEW: Final = 5
# Fewer letters are in nearly every name; one sign of another script may be a whole name.
_LEAST_BYTES: Final = 3
_NOT_FOUND: Final = 404
_PANEL: Final = "found"


@dataclass(frozen=True)
class Kind:
    """``name``: as the lists in the answers of the API are called.

    ``asked`` is what the API is asked for a text, ``quickly``, while somebody types. A text that
    is an ``id`` of this kind is looked up.
    """

    name: str
    section: str
    asked: str
    quickly: str
    id: str = "-"

    @property
    def scope(self) -> str:
        return f"{self.name}:read"

    @property
    def api_path(self) -> str:
        return f"/v1/{self.name.replace('_', '-')}"


_KINDS: Final = (
    Kind("customers", "customers", "search", "search"),
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
        return page.render("search/panel.html", text=text, groups=groups)
    groups = await _groups(page, kinds if text else [], text, _asked)
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


async def _found(page: Page, kind: Kind, text: str, asked: str) -> dict[str, Any]:
    if re.fullmatch(kind.id, text):
        return {"name": kind.name, "all": "", "rows": await _known(page, kind, text)}
    query = {asked: text}
    answer = await page.api.get(kind.api_path, **query, limit=_FEW)
    named = {"name": kind.name, "all": page.url(f"/console/{kind.section}", **query)}
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
