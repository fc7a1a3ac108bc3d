"""The overview page: revenue, payers and attempts of a span, against the span before."""

from functools import partial
from typing import Any, Final

from starlette.responses import Response

from console.api_client import Answer, Call
from console.overview import charts
from console.overview.spans import PRESETS, Span, day_after, span_of
from console.overview.waiting import waiting_in
from console.pages import Page
from console.routing import console_router
from domain.time_zone import zone_of

router = console_router()

_TEMPLATE: Final = "overview/page.html"
# They are read from the payments themselves: so they come after the page, or when asked for.
_RANKINGS: Final = "rankings"
_MOST: Final = 5
_SERIES: Final = "/v1/payments/stats/series"
_PAYERS: Final = ("new_customers", "returning_payments", "guest_payments")
_FIRST_PAYMENT: Final = Call("POST", "/v1/payments/intents", {"amount": 4000, "currency": "GHS"})
_FIRST_LINK: Final = Call(
    "POST", "/v1/payment-links", {"name": "Summer Sale", "amount": 4000, "currency": "GHS"}
)


@router.get("/console")
async def show_overview(page: Page) -> Response:
    if last := page.query.get("until"):
        return page.see(page.here(until=None, to=day_after(last).isoformat()))
    zone = zone_of(page.moment.tz)
    span = span_of(page.query, page.at, zone)
    if page.part == _RANKINGS:
        return page.render(_TEMPLATE, **await _rankings(page, span, page.query.get("currency")))
    attention = await page.api.get("/v1/attention")
    figures = await _figures(page, span) if page.may("payments:read") else {"series": None}
    return page.render(
        _TEMPLATE,
        span=span,
        until=span.last.astimezone(zone).date().isoformat(),
        presets=PRESETS,
        waiting=await waiting_in(page, attention),
        waits_now=attention.is_present,
        first_payment=_FIRST_PAYMENT.curl(page.request.site),
        first_link=_FIRST_LINK.curl(page.request.site),
        **figures,
    )


async def _figures(page: Page, span: Span) -> dict[str, Any]:
    chosen, steps = page.chosen("currency"), span.granularity
    series = await page.api.get(
        _SERIES, **span.asked, **chosen, group_by="source", granularity=steps
    )
    # All that stands beside it is in the same currency, whichever that is.
    currency = series["currency"]
    asked, before = ({**each, "currency": currency} for each in (span.asked, span.asked_before))
    earlier = await page.api.get(_SERIES, **before, group_by="source", granularity="all")
    over = charts.over(series, span.end, page.at)
    figures = {
        "before": earlier,
        "series": series,
        "errors": await page.api.get("/v1/payments/stats/errors", **asked),
        "payers": await _payers(page, span, currency) if page.may("customers:read") else None,
        "revenue": charts.revenue_by_source(series, page.writer, span.granularity),
        "sources": [*charts.source_totals(series, earlier)],
        "attempts": charts.attempts(series, page.writer, span.granularity),
        "over": over,
        "rates": charts.rates(series, first=over),
        "column": partial(charts.column, series, first=over),
        "change": change,
    }
    if page.query.get("show") == _RANKINGS:
        return figures | await _rankings(page, span, currency)
    return figures | {"rankings": None, "href": _links(page, span, currency)}


async def _payers(page: Page, span: Span, currency: str | None) -> dict[str, Any]:
    """Who paid, in all, and before; for those who may know of customers."""
    path, steps = "/v1/customers/stats/series", span.granularity
    series = await page.api.get(path, **span.asked, currency=currency, granularity=steps)
    before = await page.api.get(path, **span.asked_before, currency=currency, granularity="all")
    chart = charts.payers(series, page.writer, steps)
    return {**_added(series), "before": _added(before), "chart": chart}


def _added(series: Answer) -> dict[str, int]:
    return {name: sum(bucket[name] for bucket in series["buckets"]) for name in _PAYERS}


async def _rankings(page: Page, span: Span, currency: str | None) -> dict[str, Any]:
    """Which links and customers brought most."""
    asked = {**span.asked, "currency": currency, "limit": _MOST}
    links = {"group_by": "source_id", "source": "payment_link"}
    top = None
    if page.may("customers:read"):
        top = await page.api.get("/v1/customers/top", **asked)
    rankings = {
        "links": await page.api.get("/v1/payments/stats/sources", **asked, **links),
        "customers": top,
    }
    return {"rankings": rankings, "href": _links(page, span, currency)}


def _links(page: Page, span: Span, currency: str | None) -> dict[str, str]:
    """What explains a figure: the payments, say, that it is made of."""
    dates = {"from": None, "to": None, "preset": None}
    paid = {"succeeded_from": span.start, "succeeded_to": span.end}
    new = {"first_paid_from": span.start, "first_paid_to": span.end}
    made = span.asked | {"preset": None}

    def payments(**query: Any) -> str:
        return page.url("/console/payments", **dates | {"currency": currency} | query)

    return {
        "paid": payments(**paid),
        "net": page.url(
            "/console/payments/explain",
            figure="net_amount",
            **dates | {"currency": currency} | span.asked,
        ),
        "attempts": payments(**made),
        "returning": payments(payer="returning", **paid),
        "failed": payments(status="failed", **made),
        "new": page.link("/console/customers", first_paid_currency=currency, **new, **dates),
        "top": page.link("/console/customers", sort_by="total_amount", **dates),
        "links": page.link("/console/links", **dates),
        "rankings": page.here(currency=currency, show=_RANKINGS),
        **{source: payments(source=source, **paid) for source in charts.SOURCES},
    }


def change(now: int, before: int) -> float | None:
    """By which part a figure grew; None where there was nothing to grow from."""
    return (now - before) / abs(before) if before else None
