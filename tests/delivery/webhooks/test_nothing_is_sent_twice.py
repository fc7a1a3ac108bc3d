"""Nothing is sent because views are built, history is imported or asked, or it starts."""

import asyncio
from datetime import timedelta

import pytest
from deliverer import BOOK
from sqlalchemy import func, select

from commands.payments import ConfirmPayment, CreatePayment, confirm_payment, create_payment
from delivery.webhooks.previous import previous_in
from ledger.copying import copy_store
from ledger.facts import FactMapper
from projections.customer_events import customer_events
from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.rebuilding.rebuild import rebuild
from projections.engine.time_travel.reader import Moment, PastReader
from projections.read_models import DEFINITIONS
from whence.verification import verify_store


@pytest.fixture
def told(shop, receiver):
    """Some have been told of; how many requests came."""
    endpoint = shop.endpoint(receiver.url)
    customer = shop.customer("ama")
    with shop.delivering():
        for _ in range(3):
            shop.pay(customer)
        shop.wait_until_told(endpoint)
    assert len(receiver.received) == 4
    return endpoint


def test_a_rebuild_and_a_proof_send_nothing(shop, receiver, told):
    with shop.delivering():
        rebuild(shop.ledger, shop.generations, FactMapper(), DEFINITIONS)
        assert verify_store(shop.ledger, shop.generations).is_sound
        shop.pay(None)
        shop.wait_until_told(told)

    assert len(receiver.received) == 5


def test_an_import_sends_nothing(shop, receiver, told):
    long_ago = shop.now() - timedelta(days=400)
    order = CreatePayment(amount=700, currency="GHS", occurred_at=long_ago)
    with shop.delivering():
        for _ in range(3):
            payment = shop.do(create_payment, order)
            shop.do(confirm_payment, payment.id, ConfirmPayment(occurred_at=long_ago))
        shop.wait_until_told(told)

    assert len(receiver.received) == 4


def test_who_asks_the_past_has_nothing_sent(shop, receiver, told):
    past = PastReader(shop.ledger, DEFINITIONS, most_facts=9_999, most_bytes=2**28)
    counted = select(func.count()).select_from(customer_events)
    with shop.delivering(), past:
        for moment in (Moment(as_of=shop.now()), Moment(known_at=shop.now())):
            asked = past.ask(BOOK, moment, lambda connection: connection.scalar(counted))
            assert asyncio.run(asked).result == 4
        shop.pay(None)
        shop.wait_until_told(told)

    assert len(receiver.received) == 5


def test_who_starts_again_and_again_sends_nothing(shop, receiver, told):
    for _ in range(3):
        with shop.delivering():
            shop.wait_until_told(told)

    assert len(receiver.received) == 4


def test_a_copy_of_the_store_knows_how_far_everybody_was_told(shop, told, elsewhere):
    copy_store(shop.engine, elsewhere.engine)

    assert elsewhere.position(told) == shop.position(told)
    assert elsewhere.attempts == shop.attempts


def test_deliveries_wait_for_no_rebuild(shop, receiver):
    endpoint = shop.endpoint(receiver.url)

    def rebuilding():
        raise ViewsRebuilding(None)

    with shop.delivering(previous=previous_in(rebuilding)):
        shop.pay(shop.customer("ama"))
        shop.wait_until_told(endpoint)

    assert len(receiver.received) == 2
