"""An invoice: what it asks for, whether it was paid, and a sheet of it that is printed."""

import asyncio

from starlette.responses import Response

from console.customers.timeline import recorded
from console.invoices.actions import possible
from console.pages import Page
from console.payments.naming import METHODS
from console.routing import console_router
from console.subscriptions.detail import asked, customer_of

router = console_router()


@router.get("/console/invoices/{invoice_id}")
async def show_invoice(page: Page, invoice_id: str) -> Response:
    invoice = await page.api.get("/v1/invoices/{}", invoice_id)
    payment, happened, customer = await asyncio.gather(
        asked(page, "payments:read", "/v1/payments/{}", invoice["payment_id"]),
        recorded(page, "/v1/invoices/{}/facts", invoice_id),
        customer_of(page, invoice["customer_id"]),
    )
    return page.render(
        "invoices/detail.html",
        invoice=invoice.body,
        call=invoice.call,
        payment=payment,
        methods=METHODS,
        customer=customer,
        actions=possible(page, invoice.body),
        **happened,
    )


@router.get("/console/invoices/{invoice_id}/sheet")
async def show_sheet(page: Page, invoice_id: str) -> Response:
    invoice = await page.api.get("/v1/invoices/{}", invoice_id)
    customer, subscription, organization = await asyncio.gather(
        customer_of(page, invoice["customer_id"]),
        asked(page, "subscriptions:read", "/v1/subscriptions/{}", invoice["subscription_id"]),
        asked(page, "organization:read", "/v1/organization"),
    )
    named = subscription and subscription["metadata"].get("plan_name")
    return page.render(
        "invoices/sheet.html",
        invoice=invoice.body,
        customer=customer and customer.body,
        contact=organization and organization["contact_email"],
        plan=named or invoice["plan_id"],
    )
