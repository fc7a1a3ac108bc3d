"""How far a projector is, in numbers for health pages and metrics."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from projections.engine.folding.checkpoints import Checkpoint

_NEVER_FOLDED = Checkpoint()


@dataclass(slots=True)
class Progress:
    """What a projector has done, for health pages and metrics; read it, do not change it.

    It is about the books of the projector's `lanes`, so many of 64. `folding_seconds` and `facts`
    count since the start; `failure` is why the last batch was not written, None once one was.
    """

    lanes: int = 0
    heads: dict[str, int] = field(default_factory=dict)
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    facts: int = 0
    batches: int = 0
    folding_seconds: float = 0.0
    failure: str | None = None
    _learning: threading.Lock = field(default_factory=threading.Lock)
    _meanwhile: dict[str, int] = field(default_factory=dict)

    def learn(self, heads: Mapping[str, int]) -> bool:
        """Take over the heads that are news; whether there are any. News may come out of order."""
        with self._learning:
            news = {book: head for book, head in heads.items() if head > self.heads.get(book, 0)}
            self.heads.update(news)
            for book, head in heads.items():
                self._meanwhile[book] = max(head, self._meanwhile.get(book, 0))
        return bool(news)

    def look(self, find: Callable[[], Mapping[str, int]]) -> bool:
        """Have the heads found out, and believe nothing older; whether any has moved on.

        What was known before may never have been so, or not be so any more: a hint that was wrong,
        a ledger that has lost its end.
        """
        with self._learning:
            self._meanwhile.clear()
        found = find()
        with self._learning:
            # What was told since may be later than what was found.
            told = {b: head for b, head in self._meanwhile.items() if head > found.get(b, 0)}
            before, self.heads = self.heads, {**found, **told}
        return any(head > before.get(book, 0) for book, head in found.items())

    @property
    def behind(self) -> list[str]:
        """The books that have facts to fold, in order; without those that are parked."""
        found, heads = self.checkpoints, list(self.heads.items())
        return sorted(
            book
            for book, head in heads
            if head > (at := found.get(book, _NEVER_FOLDED)).position and at.parked_error is None
        )

    @property
    def parked(self) -> dict[str, Checkpoint]:
        return {b: c for b, c in list(self.checkpoints.items()) if c.parked_error is not None}

    @property
    def lag(self) -> int:
        """Facts that are recorded but not in the views yet, over the books of these lanes."""
        heads = list(self.heads.items())
        return sum(max(0, head - self.position(book)) for book, head in heads)

    @property
    def facts_per_second(self) -> float:
        return self.facts / self.folding_seconds if self.folding_seconds else 0.0

    def position(self, book: str) -> int:
        return self.checkpoints.get(book, _NEVER_FOLDED).position


@dataclass(slots=True)
class PastProgress:
    """What was asked about the past since the start, and what it took; read it, do not change it.

    Of the `questions`, `hits` found what they asked for folded, or being folded for somebody else.
    """

    questions: int = 0
    hits: int = 0
    folds: int = 0
    facts: int = 0
    folding_seconds: float = 0.0
