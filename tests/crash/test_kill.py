"""The server is killed under load, again and again: what it acknowledged is there, once."""

import asyncio
import os
import random
from collections.abc import Iterator

import pytest
from server import Server, found_shop
from till import Till, everything_is_there_once

KILLS = int(os.environ.get("WHENCE_TEST_KILLS", "20"))


@pytest.fixture
def server(database_url: str, tmp_path) -> Iterator[Server]:
    server = Server(database_url, tmp_path)
    server.start()
    yield server
    server.kill()


def test_nothing_acknowledged_is_lost_or_doubled_however_often_it_is_killed(server):
    till = Till(found_shop(server))
    chance = random.Random(20)

    for _ in range(KILLS):
        asyncio.run(kill_under_load(server, till, after_seconds=chance.uniform(0.05, 0.6)))
        server.start()

    first_answers = dict(till.answers)
    till.answers |= asyncio.run(till.ask_again(till.unanswered))
    assert asyncio.run(till.ask_again(list(first_answers))) == first_answers
    everything_is_there_once(till)
    server.stop()
    verified = server.whence("verify")
    assert verified.returncode == 0, verified.stderr
    server.start()


async def kill_under_load(server: Server, till: Till, *, after_seconds: float) -> None:
    selling = asyncio.create_task(till.work_until_cut())
    await asyncio.sleep(after_seconds)
    server.kill()
    await selling
