"""axe-core: what keeps people from using a page, as far as a program can tell.

The file is Deque's, unchanged, under the Mozilla Public License 2.0, which stands beside it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

FILE = Path(__file__).parents[1] / "vendored" / "axe-core-4.14.1.min.js"
SOURCE = FILE.read_text("utf-8")

# A rule has one impact, whatever its checks find: what is less serious need not be looked for.
_RUN = """({ rules, without }) => {
  const { rules: all, tagExclude: left } = axe._audit;
  const isSerious = ({ enabled, impact, tags }) =>
    enabled && !["minor", "moderate"].includes(impact) && !tags.some(tag => left.includes(tag));
  const values = rules.length ? rules : all.filter(isSerious).map(rule => rule.id);
  return axe.run({ include: [document], exclude: without }, {
    resultTypes: ["violations"], runOnly: { type: "rule", values }, preload: false,
  });
}"""
_SERIOUS = {"serious", "critical"}


def serious(page: Page, *rules: str, without: Sequence[str] = ()) -> list[str]:
    """What is seriously wrong with a page that ``SOURCE`` has been evaluated on, and where.

    ``without``: parts that are not looked at.
    """
    asked = {"rules": rules, "without": [[part] for part in without]}
    found: Any = page.evaluate(_RUN, asked)
    return [
        f"{each['help']}: {node['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in _SERIOUS
        for node in each["nodes"]
    ]
