"""Currencies: in which one most is paid, so that forms have it filled in already."""

from typing import Final

from console.pages import Page

_SERIES: Final = "/v1/payments/stats/series"


async def usual_currency(page: Page) -> str:
    """Empty where nothing was paid yet, or whoever looks may not know."""
    if not page.may("payments:read"):
        return ""
    found = await page.api.get(_SERIES, granularity="all")
    return found["currency"] or ""


async def only_currency(page: Page) -> str:
    """The one in which everything was paid; empty where there are several, or none is known."""
    if not page.may("payments:read"):
        return ""
    every = (await page.api.get(_SERIES, granularity="all"))["currencies"]
    return str(every[0]) if len(every) == 1 else ""
