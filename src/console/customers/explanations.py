"""What a figure is made of: the facts that add up to it, and what they come to."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from console.api_client import Answer
from console.customers.figures import AMOUNTS, figures_in
from console.customers.lowering import Lowering, lowering_of
from console.customers.timeline import title_of
from console.definitions import definition_of
from console.pages import Page
from console.routing import console_router

router = console_router()

_LOWERS: Final = ("refund_amount", "disputed_amount")
_RANKED: Final = ("customer_id", "metric", "period", "country", "from", "to")


@dataclass(frozen=True)
class Term:
    """One of the figures that another is made of; ``sign``: whether it is added or taken away."""

    label: str
    sign: int
    value: int
    href: str


@router.get("/console/customers/top/explain")
async def explain_ranking(page: Page) -> Response:
    asked = page.chosen(*_RANKED, "currency", "cursor")
    customer_id = page.query.get("customer_id", "")
    customer, told = await asyncio.gather(
        page.api.get("/v1/customers/{}", customer_id),
        page.api.get("/v1/customers/top/explain", **asked),
    )
    return _shown(page, customer, told)


@router.get("/console/customers/{customer_id}/explain")
async def explain_figure(page: Page, customer_id: str) -> Response:
    asked = page.chosen("figure", "currency", "cursor")
    path = "/v1/customers/{}/explain"
    customer, told = await asyncio.gather(
        page.api.get("/v1/customers/{}", customer_id), page.api.get(path, customer_id, **asked)
    )
    if told["figure"] != "lifetime_value":
        return _shown(page, customer, told)
    currency = told["currency"] or ""
    figures = figures_in(customer.body, currency)
    terms = [_term(page, customer["id"], each, figures) for each in ("total_spent", *_LOWERS)]
    lowered = None
    if any(figures[each] for each in _LOWERS) and page.may("payments:read"):
        lowered = await lowering_of(page, customer["id"], currency)
    return _shown(page, customer, told, terms=terms, lowered=lowered)


def _term(page: Page, customer_id: str, figure: str, figures: Mapping[str, Any]) -> Term:
    place = page.url(
        "/console/customers/{}/explain", customer_id, figure=figure, currency=figures["currency"]
    )
    return Term(definition_of(figure).label, -1 if figure in _LOWERS else 1, figures[figure], place)


def _shown(
    page: Page,
    customer: Answer,
    told: Answer,
    *,
    terms: Sequence[Term] = (),
    lowered: Lowering | None = None,
) -> Response:
    cursor = told["pagination"]["next_cursor"]
    return page.render(
        "explanation.html",
        customer=customer.body,
        told=told,
        call=told.call,
        terms=terms,
        lowered=lowered,
        title_of=title_of,
        definition=definition_of(told["figure"]),
        is_amount=told["figure"] in AMOUNTS,
        next=page.here(cursor=cursor) if cursor else "",
    )
