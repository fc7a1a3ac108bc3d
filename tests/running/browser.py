"""A real browser and its pages, opened once for the tests of a module and new again for each."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# By itself a browser that is driven says that a program drives it, and would be no view.
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@contextmanager
def started() -> Iterator[Browser]:
    """Keeps an event loop running in this thread meanwhile: none can be run there beside it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("NO BROWSER TEST WAS RUN: install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


class Pages:
    """Pages of somebody with a browser of their own: one that runs scripts, and one that does not.

    To open a page takes longer than most tests of what stands on it.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._opened: dict[bool, Page] = {}

    def fresh(self, *, scripts: bool, color_scheme: Literal["light", "dark"] = "light") -> Page:
        """As if it had been opened only now: nothing is remembered, and nothing is set."""
        if scripts not in self._opened:
            context = self._browser.new_context(user_agent=PERSON, java_script_enabled=scripts)
            self._opened[scripts] = context.new_page()
        page = self._opened[scripts]
        page.unroute_all()
        page.goto("about:blank")
        page.context.clear_cookies()
        page.set_viewport_size({"width": 1280, "height": 720})
        page.emulate_media(media="null", color_scheme=color_scheme)
        return page
