"""History: who changed what of something that is set up, and when."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from console.pages import Page
from console.states import word_of
from console.steps import steps

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
    "trigger": "when it follows",
}


@dataclass(frozen=True)
class Entry:
    """``by``: "" of what the service itself did; ``href``: as it was then."""

    at: str
    title: str
    by: str
    href: str = ""


async def history_of(
    page: Page, kind: str, named: str, place: str, *, has_versions: bool = False
) -> dict[str, Any]:
    """Of a rule, a template or an integration of workflows, the last first.

    ``place``: its page, where further ones are a step away; it may show each version of it.
    """
    path = f"/v1/workflows/{kind}/{{}}/history"
    found = await page.api.get(path, named, limit=_SHOWN, **page.chosen("cursor", "offset"))
    at = partial(page.url, place, named)
    entries = [
        _entry(each, at(version=each["version"]) if has_versions else "")
        for each in found["history"]
    ]
    here = partial(at, **page.chosen("version"))
    return {
        "entries": entries,
        "total": found["pagination"]["total"],
        **steps(page, found["pagination"], len(entries), here),
    }


def _entry(change: dict[str, Any], href: str) -> Entry:
    return Entry(
        at=change["recorded_at"],
        title=f"{_title(change)} (version {change['version']})",
        by=change["actor_name"] or "",
        href=href,
    )


def _title(change: dict[str, Any]) -> str:
    happened = change["topic"].rpartition(".")[2]
    done = _WORDS.get(happened, word_of(happened))
    fields = ", ".join(_in_words(each) for each in change["changed"] if each != "shadow")
    said = [f"{done}: {fields}"] if fields else []
    if change["shadow"] is not None:
        said.append("Only says what it would do" if change["shadow"] else "Acts now")
    return ". ".join(said) or done


def _in_words(field: str) -> str:
    return _FIELDS.get(field) or field.replace("_", " ")
