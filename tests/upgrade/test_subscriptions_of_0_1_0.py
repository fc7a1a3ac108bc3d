"""Subscriptions that were recorded before anybody claimed them are found by their customer."""

from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from merchant import ORG, ManualClock, Merchant
from sqlalchemy import delete, select

from commands.customers import delete_customer
from commands.subscriptions import CancelSubscription, cancel_subscription
from domain.invoice import Invoice
from domain.subscription import Subscription
from ledger.database import open_engine, upgrade, writing
from ledger.ledger import Ledger
from ledger.schema import claims

pytestmark = pytest.mark.anyio

NEW = ("customer_subscription", "open_invoice")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def engine(database_url):
    engine = open_engine(database_url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def merchant(engine):
    clock = ManualClock()
    with Ledger(engine, clock=clock) as ledger:
        merchant = Merchant(ledger, clock, f"{ORG}/test")
        yield merchant
        merchant.handler.close()


def claimed(engine):
    rows = select(claims).where(claims.c.kind.in_(NEW)).order_by(claims.c.kind, claims.c.value)
    with engine.connect() as connection:
        return connection.execute(rows).all()


def run_the_migration(engine):
    """On tables as it finds them: nobody has made its claims."""
    migration = import_module("ledger.migrations.versions.r0005_collection")
    with writing(engine) as connection:
        connection.execute(delete(claims).where(claims.c.kind.in_(NEW)))
        with Operations.context(MigrationContext.configure(connection)):
            migration.upgrade()


async def test_the_upgrade_claims_what_the_commands_would_have_claimed(engine, merchant):
    await merchant.subscribe(customer_id="usr_1")
    await merchant.subscribe(customer_id="usr_1", amount=4001)
    ended = await merchant.subscribe(customer_id="usr_2", amount=4001)
    await merchant.do(cancel_subscription, ended, CancelSubscription())
    expected = claimed(engine)
    assert [row.kind for row in expected] == [*NEW[:1] * 2, *NEW[1:] * 2]

    run_the_migration(engine)

    assert claimed(engine) == expected
    await merchant.do(delete_customer, merchant.all(Subscription)[0].customer_id)
    assert [each.status for each in merchant.all(Subscription)] == ["canceled"] * 3
    assert merchant.all(Invoice)[1].status == "canceled"
