"""Lanes: whatever is answered in whichever order, nothing is lost and nobody overtakes."""

from dataclasses import dataclass, field

from hypothesis import example, given
from hypothesis import strategies as st

from delivery.cursors import FAILED, RETRYING, Changes, Cursor
from delivery.webhooks.lanes import Delivery, Lanes
from ledger.append import StoredFact

CURSOR = Cursor("org_1/test", "we_1", "live", 0)


def fact(position, customer):
    return Delivery(StoredFact("org_1/test", position, "s", 1, "t", "{}", "", "", b""), customer)


@dataclass
class Telling:
    """A cursor, the table of what is behind it, and what was done by whoever is told."""

    lanes: Lanes = field(default_factory=lambda: Lanes(CURSOR, Changes()))
    table: dict = field(default_factory=dict)
    under_way: list = field(default_factory=list)
    done: list = field(default_factory=list)
    again: list = field(default_factory=list)

    def send(self):
        while (delivery := self.lanes.next_ready(lambda _delivery: True)) is not None:
            self.under_way.append(delivery)

    def settle(self, number, answer):
        delivery = self.under_way.pop(number % len(self.under_way))
        match answer:
            case "accepted":
                self.lanes.delivered(delivery)
                self.done.append(delivery)
            case "failed":
                is_last = delivery.attempts == 4
                self.lanes.failed(delivery, "" if is_last else "2026")
                if is_last:
                    self.done.append(delivery)
            case "late":
                self.lanes.is_late(delivery, "2026")
                self.under_way.append(delivery)
            case "down":
                self.lanes.returned(delivery)
                self.lanes.stop_trying()
        self.write()

    def write(self):
        for key, row in self.lanes.changes.taken().behind.items():
            self.table.pop(key, None)
            if row is not None:
                self.table[key] = row

    def tell_again(self, number):
        """Somebody asks for one that is done, and nobody tells the lanes."""
        if self.done:
            done = self.done.pop(number % len(self.done))
            self.again.append(done.position)
            row = self.lanes._row(done, RETRYING, "2026")  # noqa: SLF001 (as it stands)
            self.table[row.key] = row

    def take_what_is_due(self):
        """As if all the time had passed that has to."""
        lanes = self.lanes
        rows = sorted(self.table.values(), key=lambda row: row.position)
        ahead = [row for row in rows if row.state != FAILED]
        due = {row.lane for row in ahead if row.state == RETRYING}
        free = (due | lanes.released) - lanes.busy
        lanes.released.clear()
        first = {row.lane: row for row in reversed(ahead) if row.lane in free}
        lanes.learn({lane: sum(row.lane == lane for row in ahead) for lane in first})
        for row in first.values():
            delivery = fact(row.position, row.lane)
            delivery.attempts, delivery.is_behind = row.attempts, True
            lanes.take_behind(delivery)

    def is_right(self):
        lanes = [each.lane for each in self.under_way]
        assert len(lanes) == len(set(lanes))
        at = self.lanes.position
        rows = {row.position for row in self.table.values()}
        settled = {each.position for each in self.done} | rows
        assert set(range(1, at + 1)) <= settled
        for lane in set(lanes):
            assert self.told_of(lane) == sorted(self.told_of(lane))

    def told_of(self, customer):
        """In the order of telling, but for what somebody asked for again."""
        found = [each.position for each in self.done if each.lane == customer]
        return [position for position in found if position not in self.again]


CUSTOMERS = st.sampled_from("abc")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), CUSTOMERS),
        st.tuples(st.just("due"), st.none()),
        st.tuples(st.just("again"), st.integers(0, 1_000)),
        st.tuples(st.sampled_from(["accepted", "failed", "late", "down"]), st.integers(0, 1_000)),
    ),
    max_size=80,
)


GONE_BACK = [
    *(("read", "a"), ("read", "a"), ("failed", 0), ("due", None), ("accepted", 0)),
    *(("due", None), ("down", 0)),
]
AGAIN = [
    *(("read", "a"), ("accepted", 0), ("read", "a"), ("read", "a"), ("failed", 0)),
    *(("again", 0), ("due", None), ("accepted", 0)),
]


@given(STEPS)
@example(GONE_BACK)
@example(AGAIN)
def test_nothing_is_lost_and_nobody_overtakes(steps):
    telling, position = Telling(), 0
    for step, value in steps:
        if step == "read":
            position += 1
            telling.lanes.take(fact(position, value))
            telling.lanes.read_upto = position
            telling.write()
        elif step == "due":
            telling.take_what_is_due()
        elif step == "again":
            telling.tell_again(value)
        elif telling.under_way:
            telling.settle(value, step)
        telling.send()
        telling.is_right()

    for _ in range(10 * position + 1):
        telling.take_what_is_due()
        telling.send()
        while telling.under_way:
            telling.settle(0, "accepted")
            telling.send()
        telling.is_right()

    assert sorted(each.position for each in telling.done) == list(range(1, position + 1))
    assert telling.lanes.position == position
    assert {row.state for row in telling.table.values()} <= {FAILED}
    for customer in "abc":
        assert telling.told_of(customer) == sorted(telling.told_of(customer))


def test_since_when_the_oldest_waits_is_known_as_soon_as_it_is_left_behind():
    telling = Telling()
    told = Delivery(StoredFact("org_1/test", 1, "s", 1, "t", "{}", "", "2026-03-01", b""), "ama")
    telling.lanes.take(told)
    telling.send()

    telling.settle(0, "failed")

    assert telling.lanes.oldest_waiting_at == "2026-03-01"
