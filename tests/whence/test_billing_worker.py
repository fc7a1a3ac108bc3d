"""Billing worker: the service bills, or leaves it to `whence bill`."""

import asyncio
import signal
import threading
import time
from datetime import UTC, datetime
from functools import partial
from itertools import count

import pytest
from structlog.testing import capture_logs
from tables import make_tables

from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from commands.subscriptions import CreateSubscription, create_subscription
from domain.subscription import Subscription
from ledger.clock import written
from ledger.database import open_engine
from ledger.errors import LedgerUnavailable
from ledger.ledger import Ledger
from whence.billing_worker import BillingWorker, billing
from whence.wiring import utc_now

PATIENCE_SECONDS = 60
BOOK = f"org_{1:026}/test"
LONG_AGO = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def due(environment):
    """A subscription that began long ago; how much of it is still due."""
    engine = open_engine(environment["WHENCE_DATABASE_URL"])
    make_tables(engine)
    with Ledger(engine, clock=lambda: LONG_AGO) as ledger:
        subscribe(ledger, "usr_1")

        def due():
            now = written(datetime.now(UTC))
            return len(ledger.owners_between(BOOK, "due", after="", before=now, limit=10))

        due.ledger = ledger
        yield due
    engine.dispose()


def subscribe(ledger, customer_id):
    """Long ago: what has become due since is to be billed."""
    asked = CreateSubscription(
        customer_id=customer_id,
        plan_id="plan_premium",
        amount=9900,
        currency="GHS",
        method="momo",
        interval="monthly",
    )
    handler = CommandHandler(ledger, clock=lambda: LONG_AGO, ids=Ids(lambda: LONG_AGO))
    asyncio.run(handler.perform(BOOK, partial(create_subscription, command=asked)))
    handler.close()


def wait_until_nothing_is(due):
    until = time.monotonic() + PATIENCE_SECONDS
    while due():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(params=["sqlite", "postgresql"])
def due_anywhere(environment, request):
    """The same on a database of each kind."""
    environment["WHENCE_DATABASE_URL"] = request.getfixturevalue(f"{request.param}_url")
    return request.getfixturevalue("due")


@pytest.fixture
def due_on_postgresql(environment, postgresql_url, request):
    environment["WHENCE_DATABASE_URL"] = postgresql_url
    return request.getfixturevalue("due")


def test_the_service_bills_by_itself(due_anywhere, start):
    due = due_anywhere
    assert due() == 1

    service = start("serve", WHENCE_BILLING_SECONDS="0.05")
    wait_until_nothing_is(due)

    _, metrics = service.answer("/metrics")
    assert service.stopped(signal.SIGTERM) == 0, service.output
    assert b'whence_billed_total{outcome="billed"}' in metrics


def test_a_service_that_leaves_it_to_others_says_that_nobody_bills(due_on_postgresql, start):
    due = due_on_postgresql

    service = start("serve", "--without", "billing", WHENCE_BILLING_SECONDS="0.01")
    service.awaited("(what is due is not billed)")
    _, metrics = service.answer("/metrics")

    assert due() == 1
    [told] = [line for line in metrics.splitlines() if line.startswith(b"whence_billing_overdue")]
    assert float(told.split()[1]) > 86_400


def test_of_several_services_one_bills_and_another_when_it_is_killed(due_on_postgresql, start):
    due = due_on_postgresql
    first = start("serve", WHENCE_BILLING_SECONDS="0.05")
    wait_until_nothing_is(due)
    second = start("serve", WHENCE_BILLING_SECONDS="0.05")
    second.answer("/readyz")
    subscribe(due.ledger, "usr_2")
    wait_until_nothing_is(due)
    _, seen_by_second = second.answer("/metrics")

    first.process.kill()
    subscribe(due.ledger, "usr_3")
    wait_until_nothing_is(due)

    _, metrics = second.answer("/metrics")
    assert b'outcome="billed"' not in seen_by_second
    assert b'whence_billed_total{outcome="billed"}' in metrics


def test_who_bills_once_says_how_much_and_ends(due, whence):
    first = whence("bill", "--once")

    assert first.returncode == 0, first.stderr
    billed = int(first.stdout.removeprefix("Billed ").rstrip(".\n"))
    assert billed >= 9
    assert due() == 0
    assert whence("bill", "--once").stdout == "Billed 0.\n"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_who_bills_goes_on_until_stopped(due, start, stop):
    worker = start("bill")
    wait_until_nothing_is(due)

    assert worker.stopped(stop) == 0, worker.output
    assert "Traceback" not in worker.output


def test_what_could_not_be_billed_is_an_exit_code(due, whence, monkeypatch):
    async def fail(*_):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("whence.billing_worker.bill", fail)

    failed = whence("bill", "--once")

    assert failed.returncode == 1
    assert "billed 0; 1 could not be: see the log" in failed.stderr
    assert due() == 1


def test_a_store_that_is_away_is_one_line_and_its_bills_are_tried_at_once_when_it_is_back(
    due, monkeypatch
):
    handler = CommandHandler(due.ledger, clock=utc_now, ids=Ids(utc_now))
    tried, performed = [], handler.perform

    async def perform(*arguments, **named):
        tried.append(arguments)
        if len(tried) < 4:
            raise LedgerUnavailable("the store cannot be reached")
        return await performed(*arguments, **named)

    monkeypatch.setattr(handler, "perform", perform)
    with (
        capture_logs() as entries,
        billing(BillingWorker(due.ledger, handler), every_seconds=0.01),
    ):
        wait_until_nothing_is(due)
    handler.close()

    assert [(entry["log_level"], entry["thread"]) for entry in entries] == [("warning", "billing")]
    assert "exc_info" not in entries[0]


@pytest.mark.parametrize("is_remembered", [False, True], ids=["from the ledger", "from memory"])
def test_what_is_deleted_after_it_was_found_to_be_due_is_no_failure(due_anywhere, is_remembered):
    ledger, told, looks = due_anywhere.ledger, [], count(1)

    def now():
        # For the books in which something is due, for what is due in one, and for each of these.
        if next(looks) == 3:
            ledger.delete(BOOK)
        return utc_now()

    handler = CommandHandler(ledger, clock=now, ids=Ids(utc_now))
    worker = BillingWorker(ledger, handler, count=told.append)

    async def bill():
        if is_remembered:
            [(_, stream)] = ledger.owners_between(BOOK, "due", after="", before="9", limit=9)
            assert await handler.load_recent(Subscription, BOOK, stream) is not None
        return await worker.bill_everything_due()

    with capture_logs() as entries:
        billed = asyncio.run(bill())
    handler.close()

    assert ledger.deleted() == {BOOK}
    assert (billed, told, entries) == (0, [], [])


class Stumbling:
    """A biller that stumbles the first time it is set to work."""

    def __init__(self):
        self.begun = []
        self.again = threading.Event()

    async def bill_until_closed(self, *, every_seconds):
        self.begun.append(every_seconds)
        if len(self.begun) == 1:
            raise RuntimeError("nobody expects this")
        self.again.set()

    def close(self):
        pass


def test_billing_goes_on_after_an_error_nobody_expects():
    worker = Stumbling()

    with capture_logs() as entries, billing(worker, every_seconds=7):
        assert worker.again.wait(20)

    assert worker.begun == [7, 7]
    assert [entry["thread"] for entry in entries] == ["billing"]
