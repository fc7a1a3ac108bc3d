"""Lanes: what a cursor has under way, one delivery at a time for each customer.

A lane that fails, or answers late, becomes rows and is left behind, so that the cursor goes on with
the others. The position of the cursor is below everything that is neither done nor a row.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from delivery.cursors import FAILED, RETRYING, WAITING, Behind, Changes, Cursor, DeliveryKey
from ledger.append import StoredFact


@dataclass(slots=True, eq=False)
class Delivery:
    """A fact on its way to somebody. ``previous``: the position of the one before, as far as known.

    ``is_behind``: it stands in the table of what is behind its cursor.
    """

    stored: StoredFact
    lane: str
    attempts: int = 0
    previous: int | None = None
    is_behind: bool = False

    @property
    def position(self) -> int:
        return self.stored.position


class Lanes:
    """Of one cursor. What happens is noted in ``changes``, to be written together."""

    def __init__(self, cursor: Cursor, changes: Changes) -> None:
        self.cursor = cursor
        self.changes = changes
        self.read_upto = cursor.position
        self.released: set[str] = set()
        # As it was when it was last looked what may be tried again, or when the first was left.
        self.oldest_behind_at: str | None = None
        self._unfinished: dict[int, Delivery] = {}
        self._queues: dict[str, deque[Delivery]] = {}
        self._ready: deque[Delivery] = deque()
        self._under_way: dict[int, str] = {}
        self._behind: dict[str, int] = {}

    @property
    def open(self) -> int:
        """How many facts its position waits for."""
        return len(self._unfinished)

    @property
    def position(self) -> int:
        return next(iter(self._unfinished), self.read_upto + 1) - 1

    @property
    def has_behind(self) -> bool:
        return bool(self._behind)

    @property
    def behind(self) -> int:
        """How many are tried again, or wait for one that is."""
        return sum(self._behind.values())

    @property
    def oldest_waiting_at(self) -> str | None:
        """When the oldest fact was recorded that is still to be told, behind or not."""
        first = next(iter(self._unfinished.values()), None)
        open_at = None if first is None else first.stored.recorded_at
        behind_at = self.oldest_behind_at if self.has_behind else None
        return min(filter(None, (open_at, behind_at)), default=None)

    @property
    def ready(self) -> int:
        """How many may be sent, one for each lane."""
        return len(self._ready)

    @property
    def busy(self) -> set[str]:
        """The lanes of which something is under way, or may be sent: nothing else of them may."""
        return {*self._queues, *self._under_way.values()}

    def learn(self, behind: Mapping[str, int]) -> None:
        """How much of each of these lanes is behind; of none of them anything is under way."""
        self._behind.update(behind)

    def take(self, delivery: Delivery) -> None:
        """One that was read, in the order of positions."""
        lane = delivery.lane
        if lane in self._behind:
            self._leave_behind(delivery)
            return
        self._unfinished[delivery.position] = delivery
        queue = self._queues.get(lane)
        if queue is None:
            self._queues[lane] = deque([delivery])
            self._ready.append(delivery)
        else:
            queue.append(delivery)

    def take_behind(self, delivery: Delivery) -> None:
        """One that was behind and may be tried now."""
        self._under_way[delivery.position] = delivery.lane
        self._ready.append(delivery)

    def next_ready(self, may_go: Callable[[Delivery], bool]) -> Delivery | None:
        if self._ready and may_go(self._ready[0]):
            return self._ready.popleft()
        return None

    def pick_ready(self, wanted: Callable[[Delivery], int]) -> Delivery | None:
        """Of those that are ready the one for which ``wanted`` is least."""
        if not self._ready:
            return None
        picked = min(self._ready, key=wanted)
        self._ready.remove(picked)
        return picked

    def delivered(self, delivery: Delivery) -> None:
        if delivery.is_behind:
            self._finish_behind(delivery, None)
        else:
            self._finish(delivery)

    def failed(self, delivery: Delivery, next_attempt_at: str) -> None:
        """``next_attempt_at``: the empty text when it is given up, and its lane goes on."""
        delivery.attempts += 1
        row = self._row(delivery, RETRYING if next_attempt_at else FAILED, next_attempt_at)
        if delivery.is_behind:
            self._finish_behind(delivery, row)
        elif next_attempt_at:
            self._move_behind(delivery, row)
        else:
            self.changes.behind[row.key] = row
            self._finish(delivery)

    def returned(self, delivery: Delivery) -> None:
        """It was not tried, as far as anybody counts."""
        if delivery.is_behind:
            self._put_back(delivery)
        else:
            self._ready.appendleft(delivery)

    def is_late(self, delivery: Delivery, give_up_at: str) -> None:
        """Its answer is still awaited, until a moment; the others need not wait for it."""
        if not delivery.is_behind:
            self._under_way[delivery.position] = delivery.lane
            self._move_behind(delivery, self._row(delivery, RETRYING, give_up_at))
            delivery.is_behind = True

    def stop_trying(self) -> None:
        """Whatever is ready and was behind goes back: nobody is tried for a while."""
        for each in [each for each in self._ready if each.is_behind]:
            self._ready.remove(each)
            self._put_back(each)

    def _put_back(self, delivery: Delivery) -> None:
        """It stands in the table as before, and is looked for when somebody may be tried again."""
        del self._under_way[delivery.position]
        self.released.add(delivery.lane)

    def _finish(self, delivery: Delivery) -> None:
        del self._unfinished[delivery.position]
        queue = self._queues[delivery.lane]
        queue.popleft()
        if queue:
            self._ready.append(queue[0])
        else:
            del self._queues[delivery.lane]

    def _move_behind(self, delivery: Delivery, row: Behind) -> None:
        """With all that are queued after it."""
        if not self.has_behind:
            self.oldest_behind_at = delivery.stored.recorded_at
        queue = self._queues.pop(delivery.lane)
        queue.popleft()
        del self._unfinished[delivery.position]
        self.changes.behind[row.key] = row
        self._behind[delivery.lane] = self._behind.get(delivery.lane, 0) + 1
        for each in queue:
            del self._unfinished[each.position]
            self._leave_behind(each)

    def _leave_behind(self, delivery: Delivery) -> None:
        row = self._row(delivery, WAITING, "")
        self.changes.behind[row.key] = row
        self._behind[delivery.lane] += 1

    def _finish_behind(self, delivery: Delivery, row: Behind | None) -> None:
        """Done, or what is known of it now; the next of the lane may go unless it is retried."""
        key = DeliveryKey(self.cursor.follower, self.cursor.cursor, delivery.position)
        self.changes.behind[key] = row
        del self._under_way[delivery.position]
        lane = delivery.lane
        if (row is not None and row.state == RETRYING) or lane not in self._behind:
            return
        self._behind[lane] -= 1
        if self._behind[lane] > 0:
            self.released.add(lane)
        else:
            del self._behind[lane]

    def _row(self, delivery: Delivery, state: str, next_attempt_at: str) -> Behind:
        cursor = self.cursor
        return Behind(
            cursor.book,
            cursor.follower,
            cursor.cursor,
            delivery.position,
            delivery.lane,
            state,  # type: ignore[arg-type]
            delivery.attempts,
            next_attempt_at,
        )
