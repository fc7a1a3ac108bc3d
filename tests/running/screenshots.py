"""Screenshots of the console and of what payers see, light, dark and on a phone.

`make screenshots` takes them into `var/screenshots`.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from browser import PERSON, started
from console_browser import signed_in
from console_walk import walk
from lived_in import Shop, ama, go_on, lived_in
from playwright.sync_api import Browser, BrowserContext

_DESK: Final = {"width": 1440, "height": 900}
_WAYS: Final[dict[str, dict[str, Any]]] = {
    "light": {"viewport": _DESK, "color_scheme": "light"},
    "dark": {"viewport": _DESK, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
# What is seen one after the other, by what is paid: the second account is empty.
_PAID: Final = {125_050: ("form", "wait", "receipt"), 4_002: ("form", "declined")}


def take_screenshots(folder: Path) -> int:
    """Into the folder, a file for each page and way; how many pages there are."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as store,
        lived_in(Path(store), customers=400, payments=3_000) as shop,
        started() as browser,
    ):
        go_on(shop)
        ama(shop)
        with signed_in(shop.url, shop.key) as visitor:
            pages = walk(visitor).pages
        for way, settings in _WAYS.items():
            _take(browser, shop, pages, folder, way, settings)
            _pay(browser, shop, folder, way, settings)
    return len(pages)


def _take(
    browser: Browser,
    shop: Shop,
    pages: dict[str, str],
    folder: Path,
    way: str,
    settings: dict[str, Any],
) -> None:
    context = browser.new_context(user_agent=PERSON, reduced_motion="reduce", **settings)
    context.add_cookies(shop.cookies)  # type: ignore[arg-type]
    for kind, address in pages.items():
        _photograph(context, f"{shop.url}{address}", folder / f"{_name(kind)}-{way}.png")
    context.close()


def _pay(browser: Browser, shop: Shop, folder: Path, way: str, settings: dict[str, Any]) -> None:
    """What somebody sees who pays, waits and gets a receipt, and whose account is empty."""
    context = browser.new_context(user_agent=PERSON, reduced_motion="reduce", **settings)
    page = context.new_page()
    for amount, steps in _PAID.items():
        link = shop.do("/v1/payment-links", name="Kente cloth", currency="GHS", amount=amount)
        page.goto(link["url"])
        page.get_by_label("Mobile money number").fill("024 123 4567")
        for step in steps:
            page.screenshot(path=folder / f"pay-{step}-{way}.png")
            if step != steps[-1]:
                with page.expect_navigation():
                    page.get_by_role("button").click()
    context.close()


def _photograph(context: BrowserContext, address: str, file: Path) -> None:
    page = context.new_page()
    page.goto(address)
    page.screenshot(path=file)
    page.close()


def _name(kind: str) -> str:
    return kind.removeprefix("/").replace("/", "-").replace("{}", "one")


if __name__ == "__main__":
    where = Path(sys.argv[1])
    count = take_screenshots(where)
    print(f"{count} pages of the console and those of payers: {where}")  # noqa: T201
