"""The deliverer is killed at random: all arrive, in order for each customer, recorded once."""

import random
from collections import defaultdict
from functools import partial

import orjson
from deliverer import BOOK, opened
from killing import KILLS, killed_at_random
from receiver import Delays, receiving
from sqlalchemy import update

from ledger.database import writing
from ledger.schema import leases

CUSTOMERS, PAYMENTS_EACH = 100, 4 if KILLS == 2 else 10


def end_the_lease(shop):
    """Nobody waits until it is over by itself."""
    with writing(shop.engine) as connection:
        connection.execute(update(leases).values(expires_at=0))


def test_all_arrive_in_order_and_each_is_recorded_once(database_url, views_wanted, tmp_path):  # noqa: ARG001 (told)
    chance = random.Random(KILLS)
    with opened(database_url, tmp_path) as shop, receiving() as receiver:
        receiver.behave = lambda _request: Delays(chance.random() * 0.02)
        told = shop.endpoint(receiver.url, events=["payment.*"])
        customers = [shop.customer(f"usr{number}") for number in range(CUSTOMERS)]
        paid = shop.pay_all(customers * PAYMENTS_EACH)
        part = len(paid) // (KILLS + 1)

        killed_at_random(
            shop.url,
            receiver,
            tmp_path / "log",
            chance=chance,
            enough=lambda _kill: len(receiver.received) + chance.randint(1, part),
            let_go=partial(end_the_lease, shop),
            is_done=lambda: shop.position(told) >= shop.ledger.head(BOOK) and shop.behind == [],
            WHENCE_WEBHOOK_BACKLOG_PER_SECOND="100000",
        )

        arrived = defaultdict(list)
        for request in receiver.received:
            event = body(request)
            if event["position"] not in arrived[event["data"]["customer_id"]]:
                arrived[event["data"]["customer_id"]].append(event["position"])
        assert {event["data"]["id"] for event in map(body, receiver.received)} == set(paid)
        assert all(positions == sorted(positions) for positions in arrived.values())
        assert len(shop.attempts) == len({row.position for row in shop.attempts}) == len(paid)
        assert {row.http_status for row in shop.attempts} == {200}


def body(request):
    return orjson.loads(request.body)
