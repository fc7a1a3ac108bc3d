"""axe-core: what keeps people from using a page, as far as a program can tell.

The file is Deque's, unchanged, under the Mozilla Public License 2.0, which stands beside it.
"""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

FILE = Path(__file__).parents[1] / "vendored" / "axe-core-4.14.1.min.js"
SOURCE = FILE.read_text("utf-8")

_RUN = """rules => axe.run(document, {
  resultTypes: ["violations"],
  ...(rules.length && { runOnly: { type: "rule", values: rules } }),
})"""
_SERIOUS = {"serious", "critical"}


def serious(page: Page, *rules: str) -> list[str]:
    """What is seriously wrong with a page that ``SOURCE`` has been evaluated on, and where."""
    found: Any = page.evaluate(_RUN, list(rules))
    return [
        f"{each['help']}: {node['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in _SERIOUS
        for node in each["nodes"]
    ]
