"""A manual clock: the time of a server, which only a test moves on."""

from datetime import UTC, datetime


class ManualClock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now
