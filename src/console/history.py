"""History: who changed what of something that is set up, and when."""

from dataclasses import dataclass
from typing import Any, Final

from console.pages import Page
from console.states import word_of

# The last so many; all of them are a call away.
_SHOWN: Final = 20
_WORDS: Final = {
    "created": "Made",
    "changed": "Changed",
    "tried": "Tried out",
    "made_default": "The usual one from here on",
    "default_lost": "Another is the usual one",
}
# As the pages that change them call these fields, where they call them otherwise than the API.
_FIELDS: Final = {
    "body": "words",
    "config": "settings",
    "credentials": "secrets",
    "shadow": "whether it acts",
    "trigger": "when it follows",
}


@dataclass(frozen=True)
class Entry:
    """``by``: "" of what the service itself did; ``href``: as it was then."""

    at: str
    title: str
    by: str
    href: str = ""


async def history_of(page: Page, kind: str, named: str, *, place: str = "") -> list[Entry]:
    """Of a rule, a template or an integration of workflows, the last first.

    ``place``: the page that shows each version of it, where there is one.
    """
    path = f"/v1/workflows/{kind}/{{}}/history"
    found = await page.api.get(path, named, limit=_SHOWN)
    return [
        _entry(each, page.url(place, named, version=each["version"]) if place else "")
        for each in found["history"]
    ]


def _entry(change: dict[str, Any], href: str) -> Entry:
    happened = change["topic"].rpartition(".")[2]
    done = _WORDS.get(happened, word_of(happened))
    fields = ", ".join(map(_in_words, change["changed"]))
    version = f"version {change['version']}"
    return Entry(
        at=change["recorded_at"],
        title=f"{done}: {fields} ({version})" if fields else f"{done} ({version})",
        by=change["actor_name"] or "",
        href=href,
    )


def _in_words(field: str) -> str:
    return _FIELDS.get(field) or field.replace("_", " ")
