"""How far a projector is, in numbers for health pages and metrics."""

from dataclasses import dataclass, field

from projections.checkpoints import Checkpoint


@dataclass(slots=True)
class Progress:
    """What a projector has done, for health pages and metrics; read it, do not change it.

    `folding_seconds` and `facts` count since the start; `failure` is why the last batch was not
    written, None once one was.
    """

    heads: dict[str, int] = field(default_factory=dict)
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    facts: int = 0
    batches: int = 0
    folding_seconds: float = 0.0
    failure: str | None = None

    @property
    def parked(self) -> dict[str, Checkpoint]:
        return {b: c for b, c in list(self.checkpoints.items()) if c.parked_error is not None}

    @property
    def lag(self) -> int:
        """Facts that are recorded but not in the views yet, over all books."""
        heads = list(self.heads.items())
        return sum(max(0, head - self.position(book)) for book, head in heads)

    @property
    def facts_per_second(self) -> float:
        return self.facts / self.folding_seconds if self.folding_seconds else 0.0

    def position(self, book: str) -> int:
        checkpoint = self.checkpoints.get(book)
        return 0 if checkpoint is None else checkpoint.position
