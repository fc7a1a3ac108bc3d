"""Event names: what there is to tell, by what it is about, to be ticked or chosen from."""

from collections.abc import Collection, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from console.states import word_of
from domain.event_types import TYPES

_OTHERS: Final = "Others"


class Subject(NamedTuple):
    """What events are about: the name for all of these, none of what else there is, and theirs."""

    about: str
    whole: str
    names: list[str]


def subjects_of(chosen: Collection[str] = ()) -> Iterator[Subject]:
    """All there are; what is ``chosen`` and called otherwise comes last."""
    known = set[str]()
    for subject, types in groupby(TYPES, key=lambda each: each.partition(".")[0]):
        found = Subject(f"{word_of(subject)}s", f"{subject}.*", [*types])
        known |= {found.whole, *found.names}
        yield found
    if others := [each for each in chosen if each not in known]:
        yield Subject(_OTHERS, "", others)


def choices_of(chosen: str) -> list[tuple[str, str]]:
    """For a filter that is one of them, with what it is now."""
    choices = [("", "Any event")]
    for about, whole, names in subjects_of([chosen] if chosen else []):
        choices += [(whole, f"All about {about.lower()}")] if whole else []
        choices += [(each, each) for each in names]
    return choices
