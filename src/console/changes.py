"""What changed between two moments: the figures then and now, whose they are, and the facts why."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.api_client import Answer
from console.customers.figures import AMOUNTS
from console.customers.timeline import title_of
from console.definitions import definition_of
from console.failures import is_about_the_past
from console.pages import Page
from console.routing import console_router

router = console_router()

_TEMPLATE: Final = "changes.html"
_ASKED: Final = ("until", "by", "currency", "customer_id")
_FIGURES: Final = (
    *("total_spent", "refund_amount", "disputed_amount", "lifetime_value"),
    *("payment_count", "successful_payments"),
)
_SOURCES: Final = {"api": "API", "payment_link": "Payment links", "subscription": "Subscriptions"}
_FACTS: Final = 20
# Whoever says nothing is told of the last week.
_USUAL: Final = 1
_MENDED_IN_THE_FORM: Final = {
    "since": "Not a moment that comes before the later one.",
    "until": "Not a moment.",
}


@dataclass(frozen=True)
class Way:
    """One of the questions that two moments can be asked."""

    name: str
    label: str
    sentence: str


_WAYS: Final = (
    Way("recorded", "What was recorded", "What came to be known between the two moments."),
    Way(
        "happened",
        "What happened",
        "What happened between the two moments, as it is known by now.",
    ),
    Way(
        "reported",
        "What became of a report",
        "Figures of all that had happened by a moment: as they were known then, and later.",
    ),
)


@router.get("/console/changes")
async def show_changes(page: Page) -> Response:
    presets = page.moment.presets(page.writer.now)
    since = page.query.get("since") or presets[_USUAL].at
    way = _way_of(page)
    values: dict[str, Any] = {
        "ways": [(each.label, _asked_so(page, each.name, since), each == way) for each in _WAYS],
        "way": way,
        "presets": [
            (each.label, _asked_so(page, way.name, each.at), each.at == since) for each in presets
        ],
        "problems": {},
    }
    try:
        told, facts = await _told(page, since)
    except ApiError as error:
        values["problems"] = _problems(error)
        return page.render(_TEMPLATE, status=error.status, told=None, **values)
    return page.render(_TEMPLATE, told=told, facts=facts, **values, **_shown(page, told, facts))


def _way_of(page: Page) -> Way:
    recorded, happened, reported = _WAYS
    if page.query.get("by") == "as_of":
        return happened
    return reported if page.query.get("as_of") else recorded


def _asked_so(page: Page, way: str, since: str) -> str:
    """The same page, asked this since a moment."""
    return page.here(
        since=since,
        by="as_of" if way == "happened" else None,
        as_of=since if way == "reported" else None,
    )


async def _told(page: Page, since: str) -> tuple[Answer, Answer]:
    asked = {"since": since, **page.chosen(*_ASKED)}
    explained = {**asked, "limit": _FACTS, **page.chosen("figure", "cursor")}
    return await asyncio.gather(
        page.api.get("/v1/changes", **asked), page.api.get("/v1/changes/explain", **explained)
    )


def _problems(error: ApiError) -> Mapping[str, str]:
    """Beside the moment that cannot be read; raises what no other moment would mend."""
    field = (error.details or {}).get("field")
    if is_about_the_past(error) or field not in _MENDED_IN_THE_FORM:
        raise error
    return {field: _MENDED_IN_THE_FORM[field]}


def _shown(page: Page, told: Answer, facts: Answer) -> dict[str, Any]:
    by, cursor = told["by"], facts["pagination"]["next_cursor"]
    later = told["after"][by]
    currency = told["currency"]
    in_currency = [each for each in told["totals_by_currency"] if each["currency"] == currency]
    return {
        "currency": currency,
        "totals": next(iter(in_currency), None),
        "earlier": datetime.fromisoformat(told["before"][by]),
        "later": datetime.fromisoformat(later) if later else None,
        "figures": _FIGURES,
        "amounts": AMOUNTS,
        "is_amount": facts["figure"] in AMOUNTS,
        "label_of": lambda figure: definition_of(_key(figure, told)).label,
        "key_of": lambda figure: _key(figure, told),
        "names": _SOURCES,
        "title_of": title_of,
        "explained": lambda figure: page.here(figure=figure) + "#why",
        "next": page.here(cursor=cursor) + "#why" if cursor else "",
    }


def _key(figure: str, told: Answer) -> str:
    """A book has no lifetime: what is left of all that was paid is kept."""
    return "kept" if figure == "lifetime_value" and told["customer"] is None else figure
