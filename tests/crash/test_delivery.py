"""The deliverer is killed at random: all arrive, in order for each customer, recorded once."""

import os
import random
import time
from collections import defaultdict

import orjson
from deliverer import BOOK, opened
from forked import ForkedCommand
from receiver import Delays, receiving
from secret_keys import SECRET_KEYS
from sqlalchemy import update
from waiting import awaited

from ledger.database import writing
from ledger.schema import leases

KILLS = int(os.environ.get("WHENCE_TEST_KILLS", "2"))
CUSTOMERS, PAYMENTS_EACH = 100, 10


def killed_at_random(shop, receiver, log, *, chance):
    """Whoever delivers is killed again and again, each time with something under way."""
    facts = CUSTOMERS * PAYMENTS_EACH
    environment = os.environ | {
        "WHENCE_DATABASE_URL": shop.url,
        "WHENCE_SECRET_KEYS": SECRET_KEYS,
        "WHENCE_LOG_FORMAT": "json",
        "WHENCE_WEBHOOK_BACKLOG_PER_SECOND": "100000",
    }
    with log.open("wb") as said:
        for _ in range(KILLS):
            process = ForkedCommand(["deliver"], environment, said)
            enough = len(receiver.received) + chance.randint(1, facts // (KILLS + 1))
            awaited(lambda enough=enough: len(receiver.received) >= enough, every_seconds=0.002)
            time.sleep(chance.random() * 0.05)
            process.kill()
            process.wait(timeout=60)
            end_the_lease(shop)
        process = ForkedCommand(["deliver"], environment, said)
        awaited(lambda: shop.position(shop.told) >= shop.ledger.head(BOOK))
        awaited(lambda: shop.behind == [])
        process.terminate()
        assert process.wait(timeout=60) == 0


def end_the_lease(shop):
    """Nobody waits until it is over by itself."""
    with writing(shop.engine) as connection:
        connection.execute(update(leases).values(expires_at=0))


def test_all_arrive_in_order_and_each_is_recorded_once(database_url, tmp_path):
    chance = random.Random(KILLS)
    with opened(database_url, tmp_path) as shop, receiving() as receiver:
        receiver.behave = lambda _request: Delays(chance.random() * 0.02)
        shop.told = shop.endpoint(receiver.url, events=["payment.*"])
        customers = [shop.customer(f"usr{number}") for number in range(CUSTOMERS)]
        paid = shop.pay_all(customers * PAYMENTS_EACH)

        killed_at_random(shop, receiver, tmp_path / "log", chance=chance)

        arrived = defaultdict(list)
        for request in receiver.received:
            told = orjson.loads(request.body)
            if told["position"] not in arrived[told["data"]["customer_id"]]:
                arrived[told["data"]["customer_id"]].append(told["position"])
        assert {told["data"]["id"] for told in map(body, receiver.received)} == set(paid)
        assert all(positions == sorted(positions) for positions in arrived.values())
        assert len(shop.attempts) == len({row.position for row in shop.attempts}) == len(paid)
        assert {row.http_status for row in shop.attempts} == {200}


def body(request):
    return orjson.loads(request.body)
