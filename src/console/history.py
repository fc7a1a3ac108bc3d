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


@dataclass(frozen=True)
class Entry:
    """``by``: "" of what the service itself did."""

    version: int
    at: str
    title: str
    by: str


async def history_of(page: Page, kind: str, named: str) -> list[Entry]:
    """Of a rule, a template or an integration of workflows, the last first."""
    path = f"/v1/workflows/{kind}/{{}}/history"
    found = await page.api.get(path, named, limit=_SHOWN)
    return [_entry(each) for each in found["history"]]


def _entry(change: dict[str, Any]) -> Entry:
    happened = change["topic"].rpartition(".")[2]
    done = _WORDS.get(happened, word_of(happened))
    fields = ", ".join(change["changed"])
    return Entry(
        version=change["version"],
        at=change["recorded_at"],
        title=f"{done}: {fields}" if fields else done,
        by=change["actor_name"] or "",
    )
