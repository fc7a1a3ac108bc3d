"""Crowding: who gives way where more want to be connected than there are places."""

from collections import Counter
from collections.abc import Collection
from typing import Final, Protocol

# Of all places so many are made free at once, because it takes a look at every connection.
_FREED_AT_ONCE: Final = 0.05


class Guest(Protocol):
    """A connection: whose it is, when its client was last heard, whether that has to speak now."""

    heard_at: float

    @property
    def holder(self) -> str: ...

    @property
    def owes(self) -> bool: ...

    def cut(self) -> None: ...


def made_room(guests: Collection[Guest]) -> bool:
    """Cuts some connections whose clients owe us something, of the caller who has most of them.

    False when there are none: everybody waits for an answer of ours.
    """
    owing = [each for each in guests if each.owes]
    if not owing:
        return False
    [(most, _)] = Counter(each.holder for each in owing).most_common(1)
    theirs = sorted((each for each in owing if each.holder == most), key=lambda each: each.heard_at)
    for each in theirs[: max(1, int(len(guests) * _FREED_AT_ONCE))]:
        each.cut()
    return True
