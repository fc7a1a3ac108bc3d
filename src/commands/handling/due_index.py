r"""Due index: when an aggregate must be looked at next, as a claim that moves along in its append.

Kept as claims of this kind: `<moment>\n<stream>`, in order of time, never contended.
"""

from datetime import datetime
from typing import Final

from ledger.clock import written

DUE: Final = "due"


def due(stream: str, at: datetime) -> tuple[str, str]:
    """What an aggregate that wakes at a moment is found by."""
    return DUE, f"{written(at)}\n{stream}"
