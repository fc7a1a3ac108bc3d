"""Profile changes: which tags came and went, and which fields changed, of a fact that says so."""

from collections.abc import Iterator, Mapping
from typing import Any


def profile_change(fact: Mapping[str, Any]) -> str:
    """Tag vip added; Changed: email; "" of any other fact, or where no difference is seen."""
    before = fact.get("before")
    if not before:
        return ""
    after = fact["data"]
    fields = ", ".join(_fields(before, after))
    said = [*_tags(before["tags"], after["tags"]), *([f"Changed: {fields}"] if fields else [])]
    return ". ".join(said)


def _tags(before: list[str], after: list[str]) -> Iterator[str]:
    for done, those in (
        ("added", [each for each in after if each not in before]),
        ("taken off", [each for each in before if each not in after]),
    ):
        if those:
            yield f"{'Tag' if len(those) == 1 else 'Tags'} {', '.join(those)} {done}"


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    was, became = before["personal"], after["personal"]
    yield from (name for name in ("name", "email", "phone") if was.get(name) != became.get(name))
    if before["external_id"] != after["external_id"]:
        yield "external id"
    if before["metadata"] != after["metadata"]:
        yield "metadata"
