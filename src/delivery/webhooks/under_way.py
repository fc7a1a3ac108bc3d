"""Under way: what has been sent and not been answered, of one cursor."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from delivery.http_client import HttpClient
from delivery.webhooks.lanes import Delivery
from delivery.webhooks.sender import Parcel, Result, send
from ledger.clock import Clock

_AT_ONCE: Final = 32
# Where many wait, so many begin together: reading and rendering one costs nearly what these cost.
_TOGETHER: Final = 8
# Whoever has not answered by then is not waited for by the others.
_LATE_SECONDS: Final = 1.0
_AN_ERROR_OF_OURS: Final = "it could not be sent: an error of ours, which the log shows"

# The delivery, what came back, and whether it was a probe.
Settled = Callable[[Delivery, Result, bool], None]

_log = structlog.get_logger("whence.delivery")


class UnderWay:
    """So many at a time; ``settled`` is told of each when it is answered, or is not in time."""

    def __init__(self, client: HttpClient, clock: Clock, settled: Settled) -> None:
        self._client = client
        self._clock = clock
        self._settled = settled
        self._awaited: dict[Delivery, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsettled = 0

    @property
    def free(self) -> int:
        """How many may begin; none yet where there will be room for several before long."""
        free = _AT_ONCE - self._unsettled
        return 0 if free < _TOGETHER <= len(self._awaited) else free

    @property
    def awaits_any(self) -> bool:
        """Whether any of them may still become late."""
        return bool(self._awaited)

    def begin(self, delivery: Delivery, parcel: Parcel, *, is_probe: bool) -> None:
        self._awaited[delivery] = time.monotonic()
        self._unsettled += 1
        task = asyncio.create_task(self._send(delivery, parcel, is_probe))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def late(self) -> list[Delivery]:
        """Those that became it since this was asked last."""
        began_before = time.monotonic() - _LATE_SECONDS
        late = []
        for delivery, began in self._awaited.items():
            if began > began_before:
                break
            late.append(delivery)
        for delivery in late:
            del self._awaited[delivery]
        return late

    async def end(self, *, seconds: float) -> None:
        """What is not answered by then is as if it had not been sent."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in list(self._tasks):
            task.cancel()

    async def _send(self, delivery: Delivery, parcel: Parcel, is_probe: bool) -> None:  # noqa: FBT001
        try:
            result = await send(self._client, parcel, now=self._clock())
        except Exception:  # noqa: BLE001 (logged, and recorded as what it is)
            _log.exception("a delivery could not be sent", delivery=parcel.delivery_id)
            result = Result(parcel.url, 0, "", _AN_ERROR_OF_OURS, 0)
        self._awaited.pop(delivery, None)
        self._unsettled -= 1
        self._settled(delivery, result, is_probe)
