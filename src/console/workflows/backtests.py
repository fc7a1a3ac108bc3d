"""Backtests beside a workflow: what it would have done, and who has already what it would give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.pages import Page


@dataclass(frozen=True)
class Tried:
    """``report``: of the API; ``tagged``: by the tags that are added, who has them already.

    Empty for whoever may not see customers.
    """

    report: Mapping[str, Any]
    tagged: Mapping[str, int]


async def tried_of(page: Page, rule: Mapping[str, Any], report: Mapping[str, Any]) -> Tried:
    tags = {
        str(each["config"]["tag"])
        for each in rule["actions"]
        if each["type"] == "add_tag" and each["config"].get("tag")
    }
    if not page.sees("/console/customers"):
        return Tried(report, {})
    return Tried(report, {tag: await _having(page, tag) for tag in sorted(tags)})


async def _having(page: Page, tag: str) -> int:
    found = await page.api.get("/v1/customers", tags=tag, limit=1)
    total: int = found["pagination"]["total"]
    return total
