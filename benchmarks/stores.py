"""Store benchmark: a store of many payments takes appends, is rebuilt, answers questions."""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import Connection, make_url, text

from domain.customer import Customer
from domain.fact import Entity, Fact
from domain.payment import Payment
from domain.payment_types import SOURCES
from ledger.append import Append, Claim, Done, NewFact, Reply
from ledger.database import open_engine, upgrade
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.customer_profiles import profile
from projections.engine.generations.generations import Generations
from projections.engine.rebuilding.rebuild import rebuild
from projections.payment_list import payment_history
from projections.read_models import DEFINITIONS
from projections.top_customers import top_customers

LARGE, SMALL = "org_large/test", "org_small/test"
_PAYMENTS_PER_CUSTOMER = 20
BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)
_REPEATED = 15
_FACTS_PER_READ = 5_000

# As long as what the library's recorder is given.
_READY = '{"amount":15000,"currency":"GHS","customer_id":"cus_00000000000000000000000001"}'

# The payments themselves, as a table of their own would hold them.
_PLAIN = """
    SELECT payment_id, customer_id, amount, currency, source, status, captured_amount,
           created_at, succeeded_at
    FROM {payments} WHERE book = '{book}'
"""
_TOP = """
    SELECT customer_id, sum(captured_amount) AS spent, count(*) AS successful
    FROM plain_payments WHERE currency = 'GHS' AND succeeded_at IS NOT NULL
    GROUP BY customer_id ORDER BY spent DESC, successful DESC, min(succeeded_at), customer_id
    LIMIT 10
"""
_PROFILE = """
    SELECT currency, count(*), count(succeeded_at), sum(captured_amount), min(succeeded_at),
           max(succeeded_at)
    FROM plain_payments WHERE customer_id = :customer_id GROUP BY currency
"""
_HISTORY = """
    SELECT * FROM plain_payments WHERE customer_id = :customer_id
    ORDER BY created_at DESC, payment_id DESC LIMIT 10
"""


def appends_per_second(url: str, *, callers: int, seconds: float) -> float:
    """Commands a second, each with a fact, a claim and an idempotent reply, durable.

    The text of the fact is ready, as it is for the library's recorder: this is about storing.
    """
    with opened(url) as ledger:
        return uvloop.run(_append_repeatedly(ledger, callers=callers, seconds=seconds))


async def _append_repeatedly(ledger: Ledger, *, callers: int, seconds: float) -> float:
    began = time.perf_counter()
    done = 0

    async def caller(name: int) -> None:
        nonlocal done
        number = 0
        while time.perf_counter() < began + seconds:
            number += 1
            customer_id = f"cus_{name:06d}{number:020d}"
            now = datetime.now(UTC)
            append = Append(
                book=f"org_{name % 8}/test",
                facts=(NewFact(customer_id, 1, "customer.registered", _READY),),
                expected={customer_id: 0},
                claims=(Claim("external_id", customer_id, customer_id),),
                reply=Reply(customer_id, "0" * 64, 201, "{}", now + timedelta(days=1)),
            )
            if not isinstance(await ledger.append_async(append), Done):
                raise RuntimeError("an append was refused")  # noqa: TRY004 (no matter of types)
            done += 1

    await asyncio.gather(*(caller(name) for name in range(callers)))
    return done / (time.perf_counter() - began)


@contextmanager
def opened(url: str) -> Iterator[Ledger]:
    engine = open_engine(url)
    upgrade(engine)
    with Ledger(engine, clock=lambda: datetime.now(UTC)) as ledger:
        yield ledger
    engine.dispose()


@dataclass(frozen=True)
class Measurements:
    """Facts a second of a rebuild, and of reading and decoding alone; seconds of each question.

    Questions: in the large book, in the small one, and as SQL over the payments of the large one.
    """

    rebuilt_per_second: float
    rebuilt_by_all_per_second: float
    read_per_second: float
    questions: dict[str, tuple[float, float, float]]


def measure_store(url: str, payments: int) -> Measurements:
    """Fills a store with one book of so many payments and one of a hundredth, then asks it."""
    with opened(url) as ledger:
        fill(ledger, LARGE, payments)
        fill(ledger, SMALL, payments // 100)
        read = read_and_decode(ledger)
        folder = Path(make_url(url).database or "").parent
        with Generations(ledger.engine, folder, clock=lambda: datetime.now(UTC)) as generations:
            alone, together = (
                rebuild(ledger, generations, FactMapper(), DEFINITIONS, processes=processes)
                for processes in (1, os.cpu_count() or 1)
            )
            generation = generations.serving(DEFINITIONS)
            with generation.writing() as connection:
                _copy_payments(connection, generation.schema)
            with generation.reading() as connection:
                questions = _ask(connection)
        return Measurements(
            alone.facts / alone.seconds, together.facts / together.seconds, read, questions
        )


def fill(ledger: Ledger, book: str, payments: int) -> None:
    """Customers with payments between them, some of whom pay far more often than others."""
    mapper = FactMapper()
    customers = max(10, payments // _PAYMENTS_PER_CUSTOMER)
    chance = random.Random(payments)

    def appends() -> Iterator[Append]:
        for number in range(customers):
            yield _append(mapper, book, Customer.register(_customer(number), now=BEGINNING))
        for number in range(payments):
            yield _append(mapper, book, _payment(number, customers, chance))

    for outcome in ledger.append_many(appends()):
        if not isinstance(outcome, Done):
            raise RuntimeError("an append was refused")  # noqa: TRY004 (no matter of types)


def _payment(number: int, customers: int, chance: random.Random) -> Payment:
    now = BEGINNING + timedelta(seconds=30 * number)
    source = chance.choice(SOURCES)
    payment = Payment.create(
        f"pay_{number:026d}",
        amount=chance.randrange(100, 100_000),
        currency=chance.choice(("GHS", "GHS", "NGN")),
        customer_id=_customer(int(customers * chance.random() ** 3)),
        source=source,
        source_id=None if source == "api" else f"{source}_{chance.randrange(20)}",
        now=now,
    )
    if chance.random() < 0.9:  # noqa: PLR2004 (nine of ten are paid)
        payment.collect(now + timedelta(seconds=5))
    return payment


def _customer(number: int) -> str:
    return f"cus_{number:026d}"


def _append(mapper: FactMapper, book: str, entity: Entity) -> Append:
    return Append(book, facts=tuple(_new_facts(mapper, entity)), expected={entity.id: 0})


def _new_facts(mapper: FactMapper, entity: Entity) -> list[NewFact]:
    return [mapper.encode(fact) for fact in entity.collect_events() if isinstance(fact, Fact)]


def read_and_decode(ledger: Ledger) -> float:
    """Facts a second, in the steps in which a rebuild reads them."""
    mapper = FactMapper()
    began, facts = time.perf_counter(), 0
    for book, head in ledger.heads().items():
        position = 0
        while position < head:
            page = ledger.read(book, after=position, limit=_FACTS_PER_READ)
            for stored in page:
                mapper.decode(stored)
            position = page[-1].position
            facts += len(page)
    return facts / (time.perf_counter() - began)


def _copy_payments(connection: Connection, schema: str | None) -> None:
    payments = "payments" if schema is None else f"{schema}.payments"
    plain = _PLAIN.format(payments=payments, book=LARGE)
    connection.execute(text(f"CREATE TABLE plain_payments AS {plain}"))
    connection.execute(text("CREATE UNIQUE INDEX plain_payment_ids ON plain_payments (payment_id)"))
    connection.execute(text("ANALYZE plain_payments"))


def _ask(connection: Connection) -> dict[str, tuple[float, float, float]]:
    found: dict[str, tuple[float, float, float]] = {}
    one = {"customer_id": _customer(0)}
    questions: dict[str, tuple[Callable[[str], Any], str]] = {
        "top 10": (
            lambda book: top_customers(connection, book, currency="GHS", counted=False),
            _TOP,
        ),
        "profile": (lambda book: profile(connection, book, one["customer_id"]), _PROFILE),
        "first history page": (
            lambda book: payment_history(connection, book, one["customer_id"], limit=10),
            _HISTORY,
        ),
    }
    for name, (question, sql) in questions.items():
        found[name] = (
            seconds_of(lambda question=question: question(LARGE)),  # type: ignore[misc]
            seconds_of(lambda question=question: question(SMALL)),  # type: ignore[misc]
            seconds_of(lambda sql=sql: connection.execute(text(sql), one).all()),  # type: ignore[misc]
        )
    return found


def seconds_of(question: Callable[[], Any]) -> float:
    """The median of several times, the first of which only warms up."""
    taken = []
    for _ in range(_REPEATED + 1):
        began = time.perf_counter()
        question()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:])
