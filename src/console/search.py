"""Search: whatever is called so, of every kind that somebody may see, on one page."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from console.listings import standing
from console.pages import Page
from console.routing import console_router

router = console_router()

_FEW: Final = 5


@dataclass(frozen=True)
class Kind:
    """``name``: as the sections, and the lists in the answers of the API, are called."""

    name: str
    scope: str
    api_path: str
    all_path: str


_KINDS: Final = (
    Kind("customers", "customers:read", "/v1/customers", "/console/customers"),
    Kind("payments", "payments:read", "/v1/payments", "/console/payments"),
    Kind("payment_links", "payment_links:read", "/v1/payment-links", "/console/links"),
)


@router.get("/console/search")
async def search(page: Page) -> Response:
    text = page.query.get("q", "")
    kinds = [each for each in _KINDS if page.viewer and page.viewer.may(each.scope)]
    found = await asyncio.gather(*(_found(page, each, text) for each in kinds)) if text else []
    groups = [each for each in found if each["rows"]]
    return page.render("search.html", text=text, groups=groups)


async def _found(page: Page, kind: Kind, text: str) -> dict[str, Any]:
    answer = await page.api.get(kind.api_path, search=text, limit=_FEW)
    all_of_it = page.url(kind.all_path, search=text)
    if isinstance(answer.body, list):
        return {"name": kind.name, "all": all_of_it, **standing(page, answer, limit=_FEW)}
    pagination = answer["pagination"]
    return {
        "name": kind.name,
        "all": all_of_it,
        "rows": answer[kind.name],
        "total": pagination["total"],
        "is_exact": pagination["total_is_exact"],
    }
