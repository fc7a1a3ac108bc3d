"""The log of requests as tests read it: each line is written a moment after its answer."""

from typing import Any

from waiting import awaited


def logged_requests(log: list[Any], count: int, *, status: int | None = None) -> list[Any]:
    """What is in the log of requests (answered so), once so many are there."""

    def found() -> list[Any]:
        return [
            entry
            for entry in log
            if entry["event"] == "request" and status in (None, entry["status"])
        ]

    awaited(lambda: len(found()) >= count, every_seconds=0.01)
    return found()
