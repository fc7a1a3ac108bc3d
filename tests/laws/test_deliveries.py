"""Laws of deliveries: of random lives everybody is told what they asked for, once and in order."""

import asyncio
import json
import os
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from itertools import count

import pytest
from deliverer import Shop, opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from receiver import Answers, Received, Receiver, receiving
from secret_keys import KEYRING
from simulated_shop import ManualClock, SimulatedShop, steps
from told_events import (
    assert_each_names_the_one_before,
    customer_of,
    expected_events,
    told_events,
)
from waiting import awaited

from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from delivery.webhooks.services import Rules
from domain.event_types import TYPES, types_wanted

LIVES = int(os.environ.get("WHENCE_TEST_LIVES", "1"))
FILTERS = ("payment.*", "customer.*", "refund.succeeded", *TYPES)


@dataclass(repr=False)
class Street:
    """Shops, each in a book of its own, and somebody to whom they tell what happens."""

    telling: Shop
    clock: ManualClock
    handler: CommandHandler
    receiver: Receiver
    numbers: count
    accepted: dict[str, list[dict]]

    def open_shop(self) -> SimulatedShop:
        book = f"org_{next(self.numbers):026}/live"
        self.receiver.behave = self.accept
        return SimulatedShop(self.handler, self.telling.ledger, book, self.clock)

    def register(self, shop: SimulatedShop, name: str, **asked):
        """An endpoint with a path of its own, which is told of the shop."""
        url = f"{self.receiver.url}/{shop.book}/{name}"
        return self.telling.endpoint(url, name, shop.book, **asked)

    def accept(self, request: Received) -> Answers:
        self.accepted[request.path].append(json.loads(request.body))
        return Answers()

    def refuse_first(self, *, every: int) -> None:
        """What some deliveries bring is refused when it comes for the first time."""
        refused = set()

        def behave(request: Received) -> Answers:
            position = json.loads(request.body)["position"]
            if position % every == 0 and position not in refused:
                refused.add(position)
                return Answers(503)
            return self.accept(request)

        self.receiver.behave = behave

    def wait_until_told(self, shop: SimulatedShop, endpoint) -> None:
        """Time passes, so that what failed is tried again."""

        def is_told():
            self.clock.now += timedelta(seconds=20)
            there = self.telling.position(endpoint) >= shop.ledger.head(shop.book)
            return there and not self.telling.behind

        awaited(is_told, every_seconds=0.05)

    def told(self, shop: SimulatedShop, name: str) -> list[dict]:
        """What was accepted there, in the order in which it came."""
        return self.accepted[f"/{shop.book}/{name}"]


@pytest.fixture
def street(database_url, views_wanted, tmp_path):  # noqa: ARG001 (told)
    clock = ManualClock()
    with ExitStack() as parts:
        telling = parts.enter_context(opened(database_url, tmp_path, clock))
        handler = CommandHandler(telling.ledger, clock=clock, ids=Ids(clock), keyring=KEYRING)
        parts.callback(handler.close)
        receiver = parts.enter_context(receiving())
        loopback = [ip_network("127.0.0.0/8")]
        # Their clock jumps: to it everything is old, and nobody is to wait for that.
        rules = Rules(backlog_per_second=100_000)
        parts.enter_context(telling.delivering(allowed_networks=loopback, rules=rules))
        yield Street(telling, clock, handler, receiver, count(1), defaultdict(list))


def lives(number):
    """The street stays; every example is another shop in it."""
    return settings(
        max_examples=number * LIVES,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@lives(2)
@given(days=steps, late=steps, names=st.lists(st.sampled_from(FILTERS), max_size=3))
def test_everybody_is_told_what_they_asked_for_once_and_in_order(street, days, late, names):
    shop = street.open_shop()
    asyncio.run(shop.live_through(days))

    newcomer = street.register(shop, "newcomer", events=names)
    begun = shop.ledger.head(shop.book)
    asyncio.run(shop.live_through(late))
    street.wait_until_told(shop, newcomer)
    street.wait_until_told(shop, street.register(shop, "historian", begin=0))

    everything, some = street.told(shop, "historian"), street.told(shop, "newcomer")
    assert told_events(everything) == expected_events(shop.oracle)
    assert {told["id"] for told in some} == {
        told["id"]
        for told in everything
        if told["position"] > begun
        and told["type"] in types_wanted(names)
        and not was_history(shop, told)
    }
    for told in (everything, some):
        assert_once_and_in_order_of_each_customer(told)
    assert_each_names_the_one_before(sorted(everything, key=lambda told: told["position"]))


@lives(1)
@given(days=steps, every=st.integers(4, 9))
def test_what_was_refused_at_first_comes_before_what_followed_it(street, days, every):
    shop = street.open_shop()
    asyncio.run(shop.live_through(days))
    street.refuse_first(every=every)

    street.wait_until_told(shop, street.register(shop, "historian", begin=0))

    everything = street.told(shop, "historian")
    assert told_events(everything) == expected_events(shop.oracle)
    assert_once_and_in_order_of_each_customer(everything)


def was_history(shop, told):
    """Whether it was recorded more than a day after it happened, as only a payment may be."""
    [stored] = shop.ledger.read_at(shop.book, [told["position"]])
    happened = datetime.fromisoformat(json.loads(stored.data)["occurred_at"])
    late = datetime.fromisoformat(told["timestamp"]) - happened > timedelta(days=1)
    return late and not told["type"].startswith("subscription.")


def assert_once_and_in_order_of_each_customer(told):
    assert len(told) == len({each["id"] for each in told})
    last = {}
    for each in told:
        whom = customer_of(each)
        if whom is not None:
            assert each["position"] > last.get(whom, 0)
            last[whom] = each["position"]
