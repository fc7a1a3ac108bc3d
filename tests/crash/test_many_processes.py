"""Many servers and projectors share one PostgreSQL; some are killed or stand still under load."""

import asyncio
import os
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count

import httpx2
import psycopg
import pytest
from server import Projector, Server, Shop, found_shop

pytestmark = pytest.mark.takes_long

# A restart beside others takes its time: a quarter of what one server is killed alone.
KILLS = max(1, int(os.environ.get("WHENCE_TEST_KILLS", "1")) // 4)
SHOPS = 5
# The database ends a transaction that stands still for five seconds.
STANDSTILL_SECONDS = 6
PATIENCE_SECONDS = 60
IN_TRANSACTION = """
SELECT 1 FROM pg_stat_activity WHERE application_name = %s AND query LIKE %s
AND state = 'idle in transaction' AND backend_xid IS NOT NULL
"""


@dataclass
class ServerGroup:
    """Processes on one store, by name, and a way to look into it from outside."""

    database_url: str
    servers: list[Server]
    projectors: list[Projector]

    @property
    def processes(self):
        return [*self.servers, *self.projectors]

    def ask(self, question, *parameters):
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(question, parameters).fetchall()

    def pause_in_transaction(self, process, statement):
        """Stops the process while it has written something, and not committed it."""
        until = time.monotonic() + PATIENCE_SECONDS
        chance = random.Random(process.pid)
        with psycopg.connect(self.database_url, autocommit=True) as operator:
            while time.monotonic() < until:
                process.pause()
                if operator.execute(IN_TRANSACTION, (process.name, statement)).fetchone():
                    return
                process.resume()
                time.sleep(chance.uniform(0, 0.005))
        raise AssertionError("it was never found in the middle of a transaction")


@dataclass
class PaymentLoad:
    """Payments of several shops, sent to every server, asked for at every server."""

    group: ServerGroup
    shops: list[Shop]
    numbers: count = field(default_factory=lambda: count(1))
    told: dict[str, dict] = field(default_factory=dict)
    asked: int = 0
    # The servers that could not say whether something was recorded.
    unsure: set[str] = field(default_factory=set)
    # How long whoever has sold waits before the next; whoever asks, a little at least.
    breath_seconds: float = 0.0
    over: bool = False

    async def go_on_while(self, something):
        """Trades until that has come to an end."""
        client = httpx2.AsyncClient(timeout=PATIENCE_SECONDS)
        async with client, asyncio.TaskGroup() as tasks:
            for server in self.group.servers:
                for _ in range(3):
                    tasks.create_task(self._sell(client, server))
                tasks.create_task(self._look(client, server))
            await something
            self.over = True

    async def _sell(self, client, server):
        while not self.over:
            number = next(self.numbers)
            shop = self.shops[number % len(self.shops)]
            body = {"amount": number, "currency": "GHS", "customer_id": f"usr_{number % 7}"}
            key = f"order-{number}"
            answer = await self._sent(client, server, shop, key, body)
            assert answer.status_code == 201, answer.text
            self.told[key] = answer.json()
            await asyncio.sleep(self.breath_seconds)

    async def _sent(self, client, server, shop, key, body):
        """Sent until it is answered: to another server when this one is gone, or does not know."""
        headers = {"X-Reevit-Key": shop.test_key, "Idempotency-Key": key}
        while True:
            with suppress(httpx2.TransportError):
                answer = await client.post(
                    f"{server.url}/v1/payments/intents", json=body, headers=headers
                )
                if answer.status_code != 503:
                    return answer
                self.unsure.add(server.name)
            server = random.choice(self.group.servers)
            await asyncio.sleep(0.05)

    async def _look(self, client, server):
        """What any server has acknowledged this one shows."""
        while not self.over:
            await asyncio.sleep(max(0.02, self.breath_seconds))
            if not self.told:
                continue
            payment = random.choice(list(self.told.values())[-5:])
            shop = next(each for each in self.shops if each.org_id == payment["org_id"])
            with suppress(httpx2.TransportError):
                answer = await client.get(
                    f"{server.url}/v1/payments/{payment['id']}",
                    headers={"X-Reevit-Key": shop.test_key},
                )
                assert answer.status_code == 200, answer.text
                self.asked += 1


@pytest.fixture
def new_group(postgresql_url, tmp_path):
    """Servers and projectors on one empty store, none of them started."""
    group = ServerGroup(postgresql_url, [], [])

    def made(kind, number):
        name = f"{kind.command}-{number}"
        return kind(
            postgresql_url,
            tmp_path,
            PGAPPNAME=name,
            # Whoever asks is to be shown what was acknowledged, however long it takes.
            WHENCE_QUERY_WAIT_SECONDS="60",
        )

    def new_group(servers, projectors):
        group.servers += [made(Server, number) for number in range(servers)]
        group.projectors += [made(Projector, number) for number in range(projectors)]
        return group

    yield new_group
    for process in group.processes:
        process.kill()


@pytest.fixture
def load(new_group):
    """Two servers and two projectors at work, and what is traded there."""
    group = new_group(2, 2)
    start_together(group.processes)
    return PaymentLoad(group, [found_shop(group.servers[0]) for _ in range(SHOPS)])


def start_together(processes):
    for process in processes:
        process.launch()
    for process in processes:
        process.await_ready()


def everything_is_sound(load):
    verified = load.group.servers[0].whence("verify")
    assert verified.returncode == 0, verified.stderr
    everything_is_there_once(load)
    positions = load.group.ask(
        "SELECT b.book, b.position, count(e.position), max(e.position) FROM whence.books b "
        "LEFT JOIN whence.events e USING (book) GROUP BY b.book, b.position"
    )
    assert all(head == facts == last for _, head, facts, last in positions)
    for process in load.group.processes:
        process.stop()


def everything_is_there_once(load):
    told = Counter(payment["id"] for payment in load.told.values())
    listed = Counter()
    for shop in load.shops:
        client = shop.client(org_id=shop.org_id)
        offset = 0
        while page := client.request(
            "GET", "/v1/payments", params={"limit": 200, "offset": offset}
        ):
            listed.update(payment["id"] for payment in page)
            offset += len(page)
    assert listed == told
    assert set(told.values()) == {1}


def test_eight_processes_that_start_at_once_make_one_store_and_build_its_views_once(new_group):
    group = new_group(4, 4)

    start_together(group.processes)

    shop = found_shop(group.servers[0])
    shop.client(org_id=shop.org_id).request(
        "POST", "/v1/customers", json={"external_id": "usr_ama"}
    )
    for server in group.servers:
        client = replace(shop, server=server).client(org_id=shop.org_id)
        found = client.request("GET", "/v1/customers/lookup", params={"external_id": "usr_ama"})
        assert found["external_id"] == "usr_ama"
    assert group.ask("SELECT count(*), min(epoch) FROM whence.store") == [(1, 1)]
    assert group.ask("SELECT number, state FROM whence.generations") == [(1, "serving")]
    for process in group.processes:
        process.stop()


def test_servers_and_projectors_killed_at_random_lose_and_double_nothing(load):
    group = load.group
    chance = random.Random(64)
    load.breath_seconds = 0.1 if KILLS == 1 else 0

    async def killing():
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.2, 1))
            victim = chance.choice(group.processes)
            victim.kill()
            await asyncio.sleep(chance.uniform(0, 3))
            await asyncio.to_thread(victim.start)

    asyncio.run(load.go_on_while(killing()))

    assert load.asked > KILLS
    everything_is_sound(load)


@pytest.mark.parametrize(
    ("kind", "statement"), [("projectors", "%views%"), ("servers", "%whence.books%")]
)
def test_who_stands_still_in_a_transaction_is_replaced_and_harms_nothing(load, kind, statement):
    group = load.group
    paused = getattr(group, kind)[1]

    async def standing_still():
        await asyncio.to_thread(group.pause_in_transaction, paused, statement)
        # A crowd was needed to find it; that the others go on is seen without.
        load.breath_seconds = 0.2
        await asyncio.sleep(STANDSTILL_SECONDS)
        before = load.asked
        await until(lambda: load.asked > before + 10)
        await asyncio.to_thread(paused.resume)
        before = load.asked
        await until(lambda: load.asked > before + 10)

    asyncio.run(load.go_on_while(standing_still()))

    assert load.unsure <= {paused.name}
    everything_is_sound(load)


async def until(condition):
    patience = time.monotonic() + PATIENCE_SECONDS
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < patience
        await asyncio.sleep(0.05)
