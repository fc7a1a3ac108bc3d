"""A subscription: its plan, its invoices, what it brought, and everything that happened to it."""

import asyncio

from starlette.responses import Response

from console.api_client import Answer
from console.customers.timeline import recorded
from console.pages import Page
from console.payments.naming import METHODS
from console.routing import console_router
from console.subscriptions.actions import possible

router = console_router()


@router.get("/console/subscriptions/{subscription_id}")
async def show_subscription(page: Page, subscription_id: str) -> Response:
    known = await page.api.get("/v1/subscriptions/{}", subscription_id)
    invoices, happened, customer = await asyncio.gather(
        asked(page, "invoices:read", "/v1/invoices", subscription_id=subscription_id, limit=20),
        recorded(page, "/v1/subscriptions/{}/facts", subscription_id),
        customer_of(page, known["customer_id"]),
    )
    subscription = known.body
    return page.render(
        "subscriptions/detail.html",
        subscription=subscription,
        call=known.call,
        invoices=invoices,
        customer=customer,
        method=METHODS.get(subscription["method"], subscription["method"]),
        actions=possible(page, subscription),
        **happened,
    )


async def customer_of(page: Page, customer_id: str | None) -> Answer | None:
    """Whoever it is about, for those who may know them; nobody who was deleted."""
    if customer_id is None:
        return None
    return await asked(page, "customers:read", "/v1/customers/{}", customer_id)


async def asked(
    page: Page, scope: str, path: str, *segments: str, **query: object
) -> Answer | None:
    """None for those who may not ask."""
    if page.viewer is None or not page.viewer.may(scope):
        return None
    return await page.api.get(path, *segments, **query)
