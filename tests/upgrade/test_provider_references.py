"""Stores of the release before: what providers said then is claimed, and what stands twice told."""

import json
import logging

import pytest
from alembic import command
from sqlalchemy import select

from ledger.append import Append, NewFact
from ledger.database import open_engine, upgrade, writing
from ledger.ledger import Ledger
from ledger.migrations.running import migrations
from ledger.migrations.versions import r0006_provider_references as migration
from ledger.schema import claims

LIVE, TEST = "org_a/live", "org_a/test"


def said(stream, topic, **data):
    return NewFact(stream, 1, topic, json.dumps(data))


RECORDED = {
    LIVE: [
        said("pay_1", "payment.created", provider=None),
        said("pay_1", "payment.authorized", provider="mtn", provider_ref_id="mt_1"),
        said("pay_1", "payment.succeeded", provider="mtn", provider_ref_id="mt_1"),
        said("pay_2", "payment.succeeded", provider="mtn", provider_ref_id="mt_1 "),
        said("pay_3", "payment.succeeded", provider=None, provider_ref_id="mt_1"),
        said("pay_4", "payment.succeeded", provider=None, provider_ref_id=None),
        said("pay_1", "payment.refunded", provider="mtn", provider_refund_id="re_1"),
        said("pay_2", "payment.refunded", provider="mtn", provider_refund_id="re_2"),
        said("pay_2", "payment.refunded", provider="mtn", provider_refund_id="re_2"),
        said("pay_3", "payment.refunded", provider=None, provider_refund_id=None),
    ],
    TEST: [
        said("pay_5", "payment.succeeded", provider="simulator", provider_ref_id="sim_5"),
        said("pay_6", "payment.succeeded", provider="simulator", provider_ref_id="till-6"),
        said("pay_7", "payment.succeeded", provider="mtn", provider_ref_id="mt_1"),
    ],
}


@pytest.fixture
def claimed(database_url, clock, caplog):
    """What is claimed in a store that had everything recorded before there were such claims."""
    engine = open_engine(database_url)
    upgrade(engine)
    with Ledger(engine, clock=clock) as ledger:
        for book, facts in RECORDED.items():
            ledger.append(Append(book, tuple(facts)))
    with writing(engine) as connection, caplog.at_level(logging.WARNING):
        config = migrations()
        config.attributes["connection"] = connection
        command.stamp(config, migration.down_revision)
        command.upgrade(config, migration.revision)
        command.stamp(config, "head")
    with engine.connect() as connection:
        rows = connection.execute(select(claims).order_by(claims.c.kind, claims.c.value)).all()
    engine.dispose()
    return [(row.book, row.kind, row.value, row.stream) for row in rows]


def test_a_name_stands_for_the_payment_it_was_recorded_for_first(claimed):
    assert [each for each in claimed if each[1] == "provider_reference"] == [
        (LIVE, "provider_reference", "\nmt_1", "pay_3"),
        (LIVE, "provider_reference", "mtn\nmt_1", "pay_1"),
        (TEST, "provider_reference", "mtn\nmt_1", "pay_7"),
        (TEST, "provider_reference", "simulator\ntill-6", "pay_6"),
    ]
    assert [each for each in claimed if each[1] == "provider_refund"] == [
        (LIVE, "provider_refund", "mtn\nre_1", "pay_1"),
        (LIVE, "provider_refund", "mtn\nre_2", "pay_2"),
    ]


@pytest.mark.usefixtures("claimed")
def test_what_stands_twice_is_told_and_stays(caplog):
    told = [record.getMessage() for record in caplog.get_records("setup")]

    assert [each.partition(" stands for more than one: see ")[::2] for each in told] == [
        ("in org_a/live the provider reference 'mt_1' of mtn", "pay_1, pay_2"),
        ("in org_a/live the provider refund 're_2' of mtn", "pay_2"),
    ]
