"""A customer: who it is, what they paid, and everything that happened."""

import asyncio
from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from console.api_client import Answer
from console.customers.figures import figures_in
from console.customers.happenings import what_happened
from console.pages import Page
from console.routing import console_router
from console.states import word_of
from console.writing import Writer

router = console_router()

_FEW: Final = 10
SOURCES: Final = {"api": "API", "payment_link": "Payment links", "subscription": "Subscriptions"}
_REFUNDABLE: Final = ("succeeded", "partially_refunded", "partially_captured", "disputed")


@router.get("/console/customers/{customer_id}")
async def show_customer(page: Page, customer_id: str) -> Response:
    found, sources, payments, consents = await _asked(page, customer_id)
    happened = await what_happened(page, customer_id)
    customer = found["customer"]
    return page.render(
        "customers/profile.html",
        customer=customer,
        figures=figures_in(customer, page.query.get("currency")),
        explained=lambda figure: page.url(
            "/console/customers/{}/explain", customer_id, figure=figure
        ),
        found=found,
        sources=sources,
        shares=lambda write: [*_shares(sources, write)],
        names=SOURCES,
        refundable=_REFUNDABLE,
        word_of=word_of,
        payments=payments,
        consents={each["channel"]: each for each in consents["consents"]},
        **happened,
    )


@router.get("/console/customers/{customer_id}/data.zip")
async def download_data(page: Page, customer_id: str) -> Response:
    return page.api.passed_on("/v1/customers/{}/data", customer_id)


async def _asked(page: Page, customer_id: str) -> tuple[Answer, ...]:
    currency = page.chosen("currency")
    theirs = "/v1/customers/{}/"
    return await asyncio.gather(
        page.api.get(theirs + "state", customer_id),
        page.api.get(theirs + "sources", customer_id, **currency),
        page.api.get(theirs + "payments", customer_id, limit=_FEW),
        page.api.get(theirs + "consents", customer_id),
    )


def _shares(sources: Answer, write: Writer) -> Iterator[tuple[str, float, str]]:
    for each in sources["by_source"]:
        amount = write.money(each["amount"], sources["currency"])
        yield SOURCES[each["source"]], each["amount_share"], amount
