"""Delivery progress: how much waits to be told, as a process saw last."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class DeliveryProgress:
    """``backlog``: recorded facts that endpoints have not been led past yet, of all endpoints.

    ``sent`` counts by what came of it: ``delivered``, ``failed``, or ``returned`` from one that is
    down. ``oldest_waiting_at`` is when the oldest fact was recorded that is still to be told.
    """

    endpoints: int = 0
    failing: int = 0
    backlog: int = 0
    behind: int = 0
    oldest_waiting_at: str | None = None
    sent: Counter[str] = field(default_factory=Counter)
