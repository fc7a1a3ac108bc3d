"""A payment: what became of it, whose it is, what went back, and what was told of it."""

import asyncio
from typing import Any, Final

from starlette.responses import Response

from console.api_client import Answer
from console.customers.timeline import entry_of
from console.pages import Page
from console.payments.actions import ACTIONS
from console.payments.naming import METHODS, SOURCES, name_of
from console.routing import console_router

router = console_router()

_MOST_EXECUTIONS: Final = 100
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
    facts = await _facts(page, payment_id)
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
        facts=facts,
        entries=[entry_of(each, page) for each in facts["facts"]] if facts else [],
        executions=await _executions(page, payment.body, facts),
        actions=[each for each in possible if each[0] in _FIRST],
        others=[each for each in possible if each[0] not in _FIRST],
        receipt=payment["status"] in _HAS_RECEIPT and not page.request.caller.hides_personal,
    )


@router.get("/console/payments/{payment_id}/receipt.html")
async def show_receipt(page: Page, payment_id: str) -> Response:
    return page.api.passed_on("/v1/payments/{}/receipt", payment_id)


async def _facts(page: Page, payment_id: str) -> Answer | None:
    """None for those who may not know the customers they tell of."""
    if page.viewer is None or not page.viewer.may("customers:read"):
        return None
    return await page.api.get("/v1/payments/{}/facts", payment_id)


async def _executions(
    page: Page, payment: dict[str, Any], facts: Answer | None
) -> list[dict[str, Any]]:
    """What followed from its facts by workflows: messages, say."""
    may = page.viewer is not None and page.viewer.may("workflows:read")
    if facts is None or not may or payment["customer_id"] is None:
        return []
    found = await page.api.get(
        "/v1/workflows/executions", customer_id=payment["customer_id"], limit=_MOST_EXECUTIONS
    )
    positions = {str(fact["position"]) for fact in facts["facts"]}
    return [each for each in found["executions"] if each["id"].rpartition("_")[2] in positions]


def _possible(page: Page, status: str) -> Any:
    if page.may("payments:write"):
        yield from ((name, action) for name, action in ACTIONS.items() if status in action.of)
