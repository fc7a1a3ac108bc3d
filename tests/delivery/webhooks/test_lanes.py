"""Lanes: whatever is answered in whichever order, nothing is lost and nobody overtakes."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from delivery.cursors import FAILED, RETRYING, WAITING, Changes, Cursor
from delivery.webhooks.lanes import Delivery, Lanes
from ledger.append import StoredFact

CURSOR = Cursor("org_1/test", "we_1", "live", 0)


def fact(position, customer):
    return Delivery(StoredFact("org_1/test", position, "s", 1, "t", "{}", "", "", b""), customer)


@dataclass
class Telling:
    """A cursor, the table of what is behind it, and what was done by whoever is told."""

    lanes: Lanes = field(default_factory=lambda: Lanes(CURSOR, {}, Changes()))
    table: dict = field(default_factory=dict)
    under_way: list = field(default_factory=list)
    done: list = field(default_factory=list)

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

    def take_what_is_due(self):
        """As if all the time had passed that has to."""
        released = set(self.lanes.released)
        self.lanes.released.clear()
        rows = sorted(self.table.values(), key=lambda row: row.position)
        first = {}
        for row in rows:
            if row.state == WAITING and row.lane in released:
                first.setdefault(row.lane, row)
        due = [row for row in rows if row.state == RETRYING] + list(first.values())
        for row in due:
            if row.position not in self.lanes.under_way:
                delivery = fact(row.position, row.lane)
                delivery.attempts, delivery.is_behind = row.attempts, True
                self.lanes.take_behind(delivery)

    def is_right(self):
        lanes = [each.lane for each in self.under_way]
        assert len(lanes) == len(set(lanes))
        at = self.lanes.position
        rows = {row.position for row in self.table.values()}
        settled = {each.position for each in self.done} | rows
        assert set(range(1, at + 1)) <= settled
        for lane in set(lanes):
            of_lane = [each.position for each in self.done if each.lane == lane]
            assert of_lane == sorted(of_lane)


CUSTOMERS = st.sampled_from("abc")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), CUSTOMERS),
        st.tuples(st.just("due"), st.none()),
        st.tuples(st.sampled_from(["accepted", "failed", "late", "down"]), st.integers(0, 1_000)),
    ),
    max_size=80,
)


@given(STEPS)
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
        of_lane = [each.position for each in telling.done if each.lane == customer]
        assert of_lane == sorted(of_lane)
