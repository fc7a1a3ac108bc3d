"""The server is killed under load, again and again: what it acknowledged is there, once."""

import asyncio
import os
import random
from collections.abc import Iterator

import pytest
from payment_client import PaymentClient, everything_is_there_once
from server import Server, found_shop
from store_check import is_sound

pytestmark = pytest.mark.takes_long

KILLS = int(os.environ.get("WHENCE_TEST_KILLS", "2"))
# Everything is looked at after each of them, so a store must not grow too large.
KILLS_PER_STORE = 20


@pytest.fixture
def server(database_url: str, tmp_path) -> Iterator[Server]:
    server = Server(database_url, tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.mark.parametrize("seed", range(-(-KILLS // KILLS_PER_STORE)))
def test_nothing_acknowledged_is_lost_or_doubled_however_often_it_is_killed(server, seed):
    payments = PaymentClient(found_shop(server))
    chance = random.Random(seed)

    for _ in range(min(KILLS, KILLS_PER_STORE)):
        before = set(payments.answers)
        asyncio.run(kill_under_load(server, payments, after_seconds=chance.uniform(0.05, 0.6)))
        server.start()

        first_answers = {key: payments.answers[key] for key in set(payments.answers) - before}
        payments.answers |= asyncio.run(payments.ask_again(payments.unanswered))
        assert asyncio.run(payments.ask_again(list(first_answers))) == first_answers
        everything_is_there_once(payments)
        assert is_sound(server.database_url)

    first_answers = dict(payments.answers)
    assert asyncio.run(payments.ask_again(list(first_answers))) == first_answers
    server.stop()
    server.start()


async def kill_under_load(server: Server, payments: PaymentClient, *, after_seconds: float) -> None:
    selling = asyncio.create_task(payments.work_until_cut())
    await asyncio.sleep(after_seconds)
    server.kill()
    await selling
