"""The list of customers: search, filters, order, and all of it as a file."""

from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError
from api.payment_links.typed_amounts import minor_units
from console.api_client import Answer
from console.customers.figures import figures_in
from console.failures import failure_of, is_about_the_past
from console.listings import chips
from console.pages import Page
from console.routing import console_router
from console.steps import steps

router = console_router()

_ASKED: Final = (
    *("search", "tags", "source", "acquired_via", "activity_status", "subscription_status"),
    *("currency", "provider", "payment_method", "external_id", "email"),
    *("first_paid_from", "first_paid_to", "first_paid_currency"),
)
_ORDER: Final = ("sort_by", "sort_desc")
_BAD_REQUEST: Final = 400
# What people write as amounts, and the API takes in minor units.
_SPEND: Final = {"spent_from": "min_spend", "spent_to": "max_spend"}
_LABELS: Final = {
    "search": "Search",
    "tags": "Tag",
    "source": "Came by",
    "acquired_via": "Acquired via",
    "activity_status": "Activity",
    "subscription_status": "Subscription",
    "currency": "Paid in",
    "provider": "Provider",
    "payment_method": "Method",
    "external_id": "External id",
    "email": "Email",
    "spent_from": "Total spent at least",
    "spent_to": "Total spent at most",
    "first_paid_from": "First paid from",
    "first_paid_to": "First paid before",
    "first_paid_currency": "First paid in",
}
_WORDS: Final = ("source", "activity_status", "subscription_status", "payment_method")


@router.get("/console/customers")
async def list_customers(page: Page) -> Response:
    values: dict[str, Any] = {
        "problem": "",
        "chips": [*chips(page, _LABELS, _WORDS)],
        "hidden": {name: value for name, value in page.carried.items() if name != "currency"},
    }
    try:
        found = await _found(page)
    except ApiError as error:
        values["problem"] = _problem(page, error)
        return page.render("customers/list.html", status=error.status, **values)
    currency = page.query.get("currency")
    rows = [(each, figures_in(each, currency)) for each in found["customers"]]
    values |= steps(page, found["pagination"], len(rows))
    return page.render("customers/list.html", found=found, rows=rows, **values)


@router.get("/console/customers.csv")
async def export_customers(page: Page) -> Response:
    return page.api.passed_on("/v1/exports/customers", **await _asked(page), format="csv")


async def _found(page: Page) -> Answer:
    return await page.api.get(
        "/v1/customers", **await _asked(page), **page.chosen("cursor", "offset")
    )


def _problem(page: Page, error: ApiError) -> str:
    """What is wrong with a filter, beside the filters; raises what is wrong with anything else.

    Where the list alone is asked for, the filters stand on the page anyway.
    """
    if error.status != _BAD_REQUEST or is_about_the_past(error) or page.part is not None:
        raise error
    return failure_of(error).sentence


async def _asked(page: Page) -> dict[str, Any]:
    """What the address says, in the words of the API."""
    asked: dict[str, Any] = page.chosen(*_ASKED, *_ORDER)
    typed = {name: page.query[name] for name in _SPEND if name in page.query}
    if typed:
        currency = page.query.get("currency") or await _main_currency(page)
        asked |= {_SPEND[name]: minor_units(text, currency) for name, text in typed.items()}
    return asked


async def _main_currency(page: Page) -> str:
    """That in which the API reads what was spent, where nobody names one."""
    top = await page.api.get("/v1/customers/top", limit=1)
    return top["currency"] or "USD"
