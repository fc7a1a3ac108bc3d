"""A page far down a list costs what the first one costs, by what the databases say they do.

Counted are the steps of SQLite's machine and the rows PostgreSQL touches, not seconds.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from query_plans import asked, cost, sorted_rows

from domain.customer import Customer
from domain.payment import Payment
from ledger.clock import written
from ledger.database import open_engine
from ledger.facts import FactMapper, StoredFact
from projections.customer_filters import CustomerFilter
from projections.customer_list import customer_list
from projections.engine.folding.fold import Folding
from projections.engine.generations.fold_and_write import fold_and_write
from projections.engine.generations.generation import postgresql_generation, sqlite_generation
from projections.payment_list import PaymentFilter, payment_history, payment_list
from projections.payment_status_history import status_history
from projections.read_models import DEFINITIONS
from projections.refunds_and_disputes import RefundFilter, refund_list
from projections.source_breakdown import ranked_sources
from projections.top_customers import top_customers

BOOK = "org_00000000000000000000000001/test"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = NEW_YEAR - timedelta(days=1)
CUSTOMERS, PAYMENTS = 1_200, 3_000
PAGE = 20

BEST, RETRIED, RETURNED = "cus_0000", "pay_retried", "pay_returned"


def entities() -> Iterator[Customer | Payment]:
    """Customers of whom many never paid and many paid once, and one who pays all the time."""
    chance = random.Random(11)
    for n in range(CUSTOMERS):
        yield Customer.register(f"cus_{n:04}", name=f"Ama {n}", now=NEW_YEAR + timedelta(hours=n))
    for n in range(PAYMENTS):
        now = NEW_YEAR + timedelta(minutes=chance.randrange(500_000))
        payer = BEST if n % 5 == 0 else f"cus_{int(CUSTOMERS * chance.random() ** 2):04}"
        payment = Payment.create(
            f"pay_{n:04}",
            amount=chance.choice([500, 1000, 1000, 1000, chance.randrange(1, 9999)]),
            currency=chance.choice(["GHS", "GHS", "NGN"]),
            customer_id=payer,
            source="payment_link",
            source_id=f"pl_{chance.randrange(400):03}",
            now=now,
        )
        if n % 3:
            payment.collect(now)
        if n % 3 == 1:
            payment.refund(f"ref_{n:04}", 1, now)
        yield payment
    yield tried_again()
    yield given_back()


def tried_again() -> Payment:
    payment = Payment.create(RETRIED, amount=5, currency="GHS", now=NEW_YEAR)
    for _ in range(200):
        payment.fail("card_declined", "no", NEW_YEAR)
        payment.retry(NEW_YEAR)
    return payment


def given_back() -> Payment:
    payment = Payment.create(RETURNED, amount=1000, currency="GHS", now=NEW_YEAR)
    payment.collect(NEW_YEAR)
    for n in range(400):
        payment.refund(f"returned_{n:03}", 1, NEW_YEAR)
    return payment


def fill(generation):
    mapper = FactMapper()
    facts = [fact for entity in entities() for fact in entity.collect_events()]
    stored = [
        StoredFact(
            book=BOOK,
            position=position,
            stream=fact.originator_id,
            version=fact.originator_version,
            topic=fact.TOPIC,
            data=mapper.encode(fact).data,
            context="{}",
            recorded_at=written(fact.timestamp),
            digest=b"",
        )
        for position, fact in enumerate(facts, start=1)
    ]
    generation.create(DEFINITIONS)
    generation.create_keys(DEFINITIONS)
    generation.create_indexes(DEFINITIONS)
    folding = Folding(mapper, DEFINITIONS.folds)
    step = fold_and_write(
        generation, DEFINITIONS, folding, lambda *_: stored, [BOOK], limit=len(stored) + 1
    )
    assert step.checkpoints[BOOK].position == len(stored)
    generation.analyze(DEFINITIONS)
    return generation


@pytest.fixture(scope="module")
def sqlite_book(tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "views-1.db"
    generation = fill(sqlite_generation(path, 1, DEFINITIONS.digest()))
    yield generation
    generation.close()


@pytest.fixture(scope="module")
def postgresql_book(postgresql_server):
    engine = open_engine(postgresql_server)
    schema = f"views_{uuid4().hex}"
    generation = fill(postgresql_generation(engine, schema, 1, DEFINITIONS.digest()))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What was written becomes visible to reading from the index alone.
        for table in DEFINITIONS.tables:
            connection.exec_driver_sql(f"VACUUM {schema}.{table.name}")
    yield generation
    generation.drop()
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def book(request):
    return request.getfixturevalue(f"{request.param}_book")


def customers(connection, *, sort_by, descending, **place):
    everybody = CustomerFilter()
    return customer_list(
        connection,
        BOOK,
        everybody,
        now=NEW_YEAR,
        sort_by=sort_by,
        descending=descending,
        **place,
    ).page


def ranking(connection, *, metric, **place):
    return top_customers(connection, BOOK, metric=metric, currency="GHS", **place).page


LISTS = {
    f"customers by {sort_by} {'down' if descending else 'up'}": partial(
        customers, sort_by=sort_by, descending=descending
    )
    for sort_by in (
        "total_payments",
        "total_amount",
        "last_payment_at",
        "created_at",
        "risk_score",
    )
    for descending in (True, False)
} | {
    "top customers by total_spent": partial(ranking, metric="total_spent"),
    "top customers by payment_count": partial(ranking, metric="payment_count"),
    "payments": lambda db, **place: payment_list(db, BOOK, PaymentFilter(), **place),
    "payments of one status": lambda db, **place: payment_list(
        db, BOOK, PaymentFilter(status="succeeded"), **place
    ),
    "payments by success": lambda db, **place: payment_list(
        db, BOOK, PaymentFilter(succeeded_from=LONG_AGO), **place
    ),
    "history": lambda db, **place: payment_history(db, BOOK, BEST, **place),
    "history by success": lambda db, **place: payment_list(
        db, BOOK, PaymentFilter(succeeded_from=LONG_AGO, customer_id=BEST), **place
    ),
    "refunds": lambda db, **place: refund_list(db, BOOK, RefundFilter(), **place),
    "refunds of a time": lambda db, **place: refund_list(
        db, BOOK, RefundFilter(start=LONG_AGO), **place
    ),
    "refunds of one payment": lambda db, **place: refund_list(
        db, BOOK, RefundFilter(payment_id=RETURNED), **place
    ),
    "status history": lambda db, **place: status_history(db, BOOK, RETRIED, **place),
    "sources": lambda db, **place: ranked_sources(db, BOOK, currency="GHS", **place).page,
}


@pytest.mark.parametrize("name", LISTS)
def test_a_page_far_down_costs_what_the_first_one_costs(book, name):
    listed = LISTS[name]

    with book.reading() as connection:
        total = listed(connection, limit=1).total
        assert total >= 10 * PAGE
        near = cost(connection, partial(listed, limit=PAGE))
        cursors = [None]
        for _ in range(3):
            quarter = listed(connection, limit=total // 4, cursor=cursors[-1])
            cursors.append(quarter.next_cursor)
        far = [
            cost(connection, partial(listed, limit=PAGE, cursor=cursor)) for cursor in cursors[1:]
        ]

    assert max(far) <= 2 * near, (near, far)


@pytest.mark.parametrize("name", LISTS)
def test_no_page_sorts_the_list(book, name):
    listed = LISTS[name]

    with book.reading() as connection:
        cursor = listed(connection, limit=PAGE * 5).next_cursor
        pages = [
            told
            for told in asked(connection, partial(listed, limit=PAGE, cursor=cursor))
            if "LIMIT" in told[0]
        ]
        found = [sorted_rows(connection, *told) for told in pages]

    assert found
    assert max(found) <= 5 * PAGE
