"""The database is restarted, freezes, fails over: the service rides it out, without a restart."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from payment_client import PaymentClient, everything_is_there_once
from postgresql import Postgresql, new_server
from proxy import CuttingProxy
from server import Server, found_shop

pytestmark = pytest.mark.takes_long

PATIENCE_SECONDS = 60


@pytest.fixture
def primary(postgresql_server) -> Iterator[Postgresql]:  # noqa: ARG001 (its user runs this one too)
    with new_server() as primary:
        yield primary


@pytest.fixture
def proxy(primary: Postgresql) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(primary.url)
    yield proxy
    proxy.close()


@pytest.fixture
def server(proxy: CuttingProxy, tmp_path) -> Iterator[Server]:
    server = Server(proxy.url, tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def payments(server: Server) -> PaymentClient:
    return PaymentClient(found_shop(server), breath_seconds=0.1)


@asynccontextmanager
async def under_load(payments: PaymentClient) -> AsyncIterator[None]:
    """Payments and questions all the while; what is answered is right, or a clean 503."""
    working = [asyncio.create_task(payments.work_until_cut()), asyncio.create_task(ask(payments))]
    try:
        await goes_on(payments, working)
        yield
        await goes_on(payments, working)
    finally:
        payments.closing = True
        await asyncio.gather(*working)


async def ask(payments: PaymentClient) -> None:
    """Questions see at least what was acknowledged before they were asked."""
    headers = {"X-Reevit-Key": payments.shop.test_key}
    async with httpx2.AsyncClient(
        base_url=payments.shop.url, headers=headers, timeout=60
    ) as client:
        while not payments.closing:
            acknowledged = len(payments.answers)
            answer = await client.get("/v1/customers/top", params={"limit": 100})
            assert answer.status_code in {200, 503}, answer.text
            if answer.status_code == 200 and "Whence-Behind" not in answer.headers:
                assert int(answer.headers["Whence-Position"]) >= acknowledged
            await asyncio.sleep(0.05)


async def goes_on(payments: PaymentClient, working: list[asyncio.Task[None]]) -> None:
    """Waits until payments are taken again."""
    enough = len(payments.answers) + 20
    until = time.monotonic() + PATIENCE_SECONDS
    while len(payments.answers) < enough:
        for task in working:
            if task.done():
                task.result()
        counted = f"{len(payments.answers)} answers, {payments.turned_away} refusals"
        assert time.monotonic() < until, counted
        await asyncio.sleep(0.05)


def nothing_is_lost_or_doubled(server: Server, payments: PaymentClient) -> None:
    assert server.is_alive
    first_answers = dict(payments.answers)
    payments.answers |= asyncio.run(payments.ask_again(payments.unanswered))
    assert asyncio.run(payments.ask_again(list(first_answers))) == first_answers
    everything_is_there_once(payments)
    verified = server.whence("verify")
    assert verified.returncode == 0, verified.stderr


def test_a_primary_that_crashes_is_replaced_by_its_standby(primary, proxy, server, payments):
    standby = primary.standby(5433)

    def fail_over() -> None:
        primary.crash()
        standby.promote()
        proxy.point_at(standby.url)

    asyncio.run(ridden_out(payments, fail_over))

    nothing_is_lost_or_doubled(server, payments)


def test_a_database_that_is_restarted_under_load_is_come_back_to(primary, server, payments):
    def restart() -> None:
        primary.crash()
        primary.start()

    asyncio.run(ridden_out(payments, restart, restart))

    nothing_is_lost_or_doubled(server, payments)


def test_a_database_that_says_nothing_is_given_up_and_come_back_to(primary, server, payments):
    def freeze() -> None:
        with primary.frozen():
            until = time.monotonic() + PATIENCE_SECONDS
            while not payments.turned_away:
                assert time.monotonic() < until
                time.sleep(0.05)

    asyncio.run(ridden_out(payments, freeze))

    nothing_is_lost_or_doubled(server, payments)


def test_commits_that_are_cut_all_the_time_lose_and_double_nothing(proxy, server, payments):
    async def cut() -> None:
        async with under_load(payments):
            for number in range(40):
                if number % 2:
                    proxy.cut_after_commit += 1
                else:
                    proxy.cut_before_commit += 1
                while proxy.cut_before_commit or proxy.cut_after_commit:  # noqa: ASYNC110 (it tells nobody)
                    await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(cut(), PATIENCE_SECONDS * 2))

    nothing_is_lost_or_doubled(server, payments)


@pytest.mark.usefixtures("server")
def test_views_that_a_crash_took_back_are_caught_up_with(primary, payments):
    # What is committed without waiting for the disk is lost by a crash for so long.
    primary.tell("ALTER SYSTEM SET wal_writer_delay = '10s'")
    primary.tell("SELECT pg_reload_conf()")
    client = payments.shop.client(org_id=payments.shop.org_id)
    for number in range(3):
        client.request(
            "POST", "/v1/payments/intents", json={"amount": number + 1, "currency": "GHS"}
        )
        assert len(client.request("GET", "/v1/payments", params={"limit": 10})) == number + 1
        primary.crash()
        primary.start()

        assert shown(payments) == number + 1


def shown(payments: PaymentClient) -> int:
    """How many payments are shown by an answer that is behind nothing; within our patience."""
    headers = {"X-Reevit-Key": payments.shop.test_key}
    until = time.monotonic() + PATIENCE_SECONDS
    with httpx2.Client(base_url=payments.shop.url, headers=headers, timeout=60) as client:
        while True:
            answer = client.get("/v1/payments")
            if answer.status_code == 200 and "Whence-Behind" not in answer.headers:
                return len(answer.json())
            assert time.monotonic() < until, answer.text


async def ridden_out(payments: PaymentClient, *happenings: Callable[[], None]) -> None:
    for happens in happenings:
        payments.closing = False
        async with under_load(payments):
            await asyncio.to_thread(happens)
