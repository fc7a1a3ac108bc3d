"""What a total of a span is made of: the facts that add up to what is left of it, say."""

from typing import Final

from starlette.responses import Response

from console.customers.timeline import title_of
from console.definitions import definition_of
from console.pages import Page
from console.routing import console_router

router = console_router()

_ASKED: Final = ("figure", "currency", "from", "to", "cursor")
# How pages call what the totals of a series call so.
_KEYS: Final = {
    "amount": "revenue",
    "net_amount": "net_revenue",
    "refunded_amount": "refund_amount",
    "disputed_amount": "disputed_amount",
    "succeeded": "paid_payments",
    "count": "payment_count",
}
_COUNTS: Final = ("succeeded", "count")


@router.get("/console/payments/explain")
async def explain_totals(page: Page) -> Response:
    told = await page.api.get("/v1/payments/stats/explain", **page.chosen(*_ASKED))
    cursor = told["pagination"]["next_cursor"]
    return page.render(
        "explanation.html",
        customer=None,
        told=told,
        call=told.call,
        terms=(),
        lowered=None,
        title_of=title_of,
        definition=definition_of(_KEYS[told["figure"]]),
        is_amount=told["figure"] not in _COUNTS,
        next=page.here(cursor=cursor) if cursor else "",
    )
