"""The list of payments: filters, true totals, and all of it as a file."""

from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError, InvalidInput
from api.payment_links.typed_amounts import minor_units
from console.failures import failure_of
from console.listings import chips, hidden, standing, unfiltered
from console.pages import Page
from console.payments.naming import METHODS, PAYERS, SOURCES, STATUSES
from console.problems import problems_of
from console.routing import console_router

router = console_router()

_ASKED: Final = (
    *("search", "status", "method", "source", "source_id", "payer", "provider", "customer_id"),
    *("currency", "country", "from", "to", "succeeded_from", "succeeded_to"),
)
# What people write as amounts, and the API takes in minor units.
_AMOUNTS: Final = {"amount_from": "amount_min", "amount_to": "amount_max"}
_LABELS: Final = {
    "search": "Search",
    "status": "State",
    "method": "Method",
    "source": "Source",
    "source_id": "Came by",
    "payer": "Paid by",
    "provider": "Provider",
    "customer_id": "Customer",
    "currency": "Currency",
    "country": "Country",
    "amount_from": "At least",
    "amount_to": "At most",
    "from": "Created from",
    "to": "Created before",
    "succeeded_from": "Succeeded from",
    "succeeded_to": "Succeeded before",
}
_WORDS: Final = ("status", "method", "source", "payer")
_METADATA: Final = "metadata."


@router.get("/console/payments")
async def list_payments(page: Page) -> Response:
    labels = _labels(page)
    shown: dict[str, Any] = {"problem": ""}
    try:
        found = await page.api.get(
            "/v1/payments", **_asked(page), **page.chosen("cursor", "offset")
        )
        shown |= {"call": found.call, **standing(page, found)}
    except ApiError as error:
        shown["problem"] = _problem(error)
    return page.render(
        "payments/list.html",
        **shown,
        chips=[*chips(page, labels, _WORDS)],
        clear=unfiltered(page, labels),
        hidden=hidden(page),
        statuses=STATUSES,
        methods=METHODS,
        sources=SOURCES,
        payers=PAYERS,
    )


@router.get("/console/payments.csv")
async def export_payments(page: Page) -> Response:
    return page.api.passed_on("/v1/exports/payments", **_asked(page), format="csv")


def _asked(page: Page) -> dict[str, Any]:
    """What the address says, in the words of the API."""
    asked: dict[str, Any] = page.chosen(*_ASKED, *_metadata(page))
    for name, of_api in _AMOUNTS.items():
        if typed := page.query.get(name):
            currency = page.query.get("currency")
            if currency is None:
                raise InvalidInput("currency", "amounts can be compared in one currency: say which")
            asked[of_api] = minor_units(typed, currency.upper())
    return asked


def _problem(error: ApiError) -> str:
    """What is wrong with a filter, beside the filters; raises what no filter would mend."""
    problems_of(error)
    return failure_of(error).sentence


def _labels(page: Page) -> dict[str, str]:
    return _LABELS | {name: name for name in _metadata(page)}


def _metadata(page: Page) -> list[str]:
    return [name for name in page.query if name.startswith(_METADATA)]
