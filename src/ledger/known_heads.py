"""Known heads: where this process last saw each book stand.

It may have moved since: whoever writes says where they think it stands, and is told.
"""

import time
from collections.abc import Collection, Mapping

from ledger.outcomes import Head

_MOST_BOOKS = 100_000
# A book that others keep moving is written under its lock for so long.
_CONTESTED_SECONDS = 1.0


class KnownHeads:
    def __init__(self) -> None:
        self._heads: dict[str, Head] = {}
        self._contested_until: dict[str, float] = {}

    def of(self, books: Collection[str]) -> dict[str, Head] | None:
        """The heads of all of these books; None when one is not known, or contested."""
        if not self._contested_until.keys().isdisjoint(books):
            self._end_contests()
        if any(book not in self._heads or book in self._contested_until for book in books):
            return None
        return {book: self._heads[book] for book in books}

    def learn(self, heads: Mapping[str, Head]) -> None:
        if len(self._heads) > _MOST_BOOKS:
            self._heads.clear()
        self._heads.update(heads)

    def contest(self, books: Collection[str]) -> None:
        """Others were faster, time and again."""
        until = time.monotonic() + _CONTESTED_SECONDS
        self._contested_until.update(dict.fromkeys(books, until))

    def _end_contests(self) -> None:
        now = time.monotonic()
        self._contested_until = {
            book: until for book, until in self._contested_until.items() if until > now
        }
