"""A real browser: started once for the tests of a module, with pages of their own for each."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright


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
