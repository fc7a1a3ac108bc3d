"""A payment: what became of it, whose it is, what went back, and what was told of it."""

import asyncio
from typing import Any, Final

from starlette.responses import Response

from console.customers.timeline import recorded
from console.pages import Page
from console.payments.actions import ACTIONS
from console.payments.naming import METHODS, SOURCES, name_of
from console.routing import console_router
from console.workflows.rules import rule_names

router = console_router()

_FEW: Final = 10
_FIRST: Final = ("refund", "capture", "confirm", "retry", "resolve")
_HAS_RECEIPT: Final = ACTIONS["receipt"].of


@router.get("/console/payments/{payment_id}")
async def show_payment(page: Page, payment_id: str) -> Response:
    payment, changes, refunds, disputes = await asyncio.gather(
        page.api.get("/v1/payments/{}", payment_id),
        page.api.get("/v1/payments/{}/status_history", payment_id),
        page.api.get("/v1/payments/{}/refunds", payment_id),
        page.api.get("/v1/payments/disputes", payment_id=payment_id),
    )
    happened = await recorded(page, "/v1/payments/{}/facts", payment_id)
    possible = [*_possible(page, payment["status"])]
    return page.render(
        "payments/detail.html",
        payment=payment.body,
        call=payment.call,
        title=name_of(payment.body),
        source=SOURCES[payment["source"]],
        method=METHODS.get(payment["method"], payment["method"]),
        changes=changes.body,
        refunds=refunds,
        disputes=disputes,
        **await _what_followed(page, payment_id),
        actions=[each for each in possible if each[0] in _FIRST],
        others=[each for each in possible if each[0] not in _FIRST],
        receipt=payment["status"] in _HAS_RECEIPT and not page.request.caller.hides_personal,
        **happened,
    )


@router.get("/console/payments/{payment_id}/receipt.html")
async def show_receipt(page: Page, payment_id: str) -> Response:
    return page.api.passed_on("/v1/payments/{}/receipt", payment_id)


async def _what_followed(page: Page, payment_id: str) -> dict[str, Any]:
    """By which workflows: messages, say; for those who may know whom they are about."""
    if not (page.may("workflows:read") and page.may("customers:read")):
        return {"followed": None}
    found = await page.api.get("/v1/workflows/executions", payment_id=payment_id, limit=_FEW)
    return {"followed": found, "rules": await rule_names(page) if found["executions"] else {}}


def _possible(page: Page, status: str) -> Any:
    if page.may_change("payments:write"):
        yield from ((name, action) for name, action in ACTIONS.items() if status in action.of)
