"""One tenant who asks for all there is keeps no other tenant waiting."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from server import found_shop

ATTACKERS = 12
PATIENCE_SECONDS = 60
# The others' answers come in milliseconds; what is told apart here is that from never.
MOST_SECONDS = 10
LARGE = {"note": "x" * 16_000}


def asking(shop):
    headers = {"X-Reevit-Key": shop.test_key}
    return httpx.Client(base_url=shop.url, headers=headers, timeout=PATIENCE_SECONDS)


def pay(client, count, metadata):
    body = {"amount": 4000, "currency": "GHS", "metadata": metadata}

    def pay_once(_number):
        client.post("/v1/payments/intents", json=body).raise_for_status()

    with ThreadPoolExecutor(8) as many:
        list(many.map(pay_once, range(count)))


@pytest.fixture(scope="module")
def greedy(unlimited):
    """Whose export is more than what two sockets hold."""
    shop = found_shop(unlimited.server)
    with asking(shop) as client:
        pay(client, 300, LARGE)
    return shop


@pytest.fixture(scope="module")
def modest(unlimited):
    shop = found_shop(unlimited.server)
    with asking(shop) as client:
        pay(client, 3, {})
    return shop


def all_is_answered(shop):
    """What a merchant asks of an ordinary day; the longest that any of it took."""
    past = {"as_of": datetime.now(UTC).isoformat()}
    seconds = []
    with asking(shop) as client:
        for path, params in [
            *(("/v1/payments", {}), ("/v1/payments/export", {})),
            *(("/v1/payments/stats", past), ("/v1/payments/export", past)),
        ]:
            began = time.perf_counter()
            client.get(path, params=params).raise_for_status()
            seconds.append(time.perf_counter() - began)
    return max(seconds)


def begun_and_not_taken(shop, stack):
    where = urlsplit(shop.url)
    client = stack.enter_context(socket.socket())
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE_SECONDS)
    client.connect((where.hostname, where.port))
    asked = f"GET /v1/payments/export HTTP/1.1\r\nHost: x\r\nX-Reevit-Key: {shop.test_key}\r\n\r\n"
    client.sendall(asked.encode())
    return client


def test_who_begins_exports_and_takes_nothing_of_them(unlimited, greedy, modest, watched):
    with watched(unlimited), ExitStack() as stack:
        clients = [begun_and_not_taken(greedy, stack) for _ in range(ATTACKERS)]
        answers = [client.recv(12)[-3:] for client in clients]

        assert all_is_answered(modest) < MOST_SECONDS

    assert b"200" in answers


def test_who_asks_about_ever_other_moments_of_the_past(unlimited, greedy, modest, watched):
    ended, statuses = threading.Event(), set()
    moments = (datetime.now(UTC) - timedelta(microseconds=number) for number in range(1_000_000))

    def ask():
        with asking(greedy) as client:
            while not ended.is_set():
                asked = {"as_of": next(moments).isoformat()}
                statuses.add(client.get("/v1/payments/stats", params=asked).status_code)

    with watched(unlimited):
        attackers = [threading.Thread(target=ask) for _ in range(ATTACKERS + 6)]
        for attacker in attackers:
            attacker.start()
        time.sleep(0.5)
        longest = all_is_answered(modest)
        ended.set()
        for attacker in attackers:
            attacker.join()

    assert longest < MOST_SECONDS
    assert statuses == {200, 429}
