"""Progress of a projector and of time travel, in numbers for health pages and metrics."""

from dataclasses import dataclass, field

from projections.engine.folding.checkpoints import Checkpoint


@dataclass(slots=True)
class Progress:
    """What a projector has done; read it, do not change it.

    `lag` (facts that are recorded but not in the views) and `parked` (books that wait at a fact
    that cannot be folded) are those of all books as of its last look, whoever folds them. `facts`,
    `batches` and `folding_seconds` count since the start; `failure` is the kind of error by which
    the last batch was not written, None once one was.
    """

    lag: int = 0
    parked: dict[str, Checkpoint] = field(default_factory=dict)
    facts: int = 0
    batches: int = 0
    folding_seconds: float = 0.0
    failure: str | None = None


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
