"""Subjects: each fact with what it was about right after it, and who its customer is now."""

import pytest
from sqlalchemy import event

from commands.customers import CreateCustomer, UpdateCustomer, create_customer, update_customer
from commands.payments import ConfirmPayment, CreatePayment, confirm_payment, create_payment
from commands.refunds import RefundPayment, refund_payment
from delivery.subjects import Subjects
from domain.event_types import type_of

pytestmark = pytest.mark.anyio


def told(ledger, book):
    return [fact for fact in ledger.read(book, limit=999) if type_of(fact.topic)]


@pytest.fixture
async def life(do):
    """A customer who pays, gets a part back, and is called something else in between."""
    ama = await do(create_customer, CreateCustomer(external_id="ama", name="Ama"))
    order = CreatePayment(amount=700, currency="GHS", customer_id=ama.id)
    payment = await do(create_payment, order)
    await do(confirm_payment, payment.id, ConfirmPayment())
    await do(update_customer, ama.id, UpdateCustomer(name="Ama Mensah"))
    await do(refund_payment, payment.id, RefundPayment(amount=200))
    return ama.id, payment.id


@pytest.mark.usefixtures("life")
async def test_a_fact_comes_with_what_it_is_about_as_it_was_right_after_it(ledger, book):
    found = Subjects(ledger).after(book, told(ledger, book))

    assert [(each.stored.topic, each.subject.version) for each in found] == [
        ("customer.registered", 1),
        ("payment.created", 1),
        ("payment.succeeded", 2),
        ("customer.updated", 2),
        ("payment.refunded", 3),
    ]
    statuses = [each.subject.status for each in found if each.stored.topic.startswith("payment")]
    assert statuses == ["pending", "succeeded", "partially_refunded"]
    assert found[0].subject.personal["name"] == "Ama"


@pytest.mark.usefixtures("life")
async def test_the_customer_is_who_they_are_now(ledger, book, do):
    subjects, facts = Subjects(ledger), told(ledger, book)
    before = subjects.after(book, facts)

    ama = before[0].customer
    await do(update_customer, ama.id, UpdateCustomer(name="Ama Owusu"))
    after = subjects.after(book, facts[:2])

    assert {each.customer.personal["name"] for each in before} == {"Ama Mensah"}
    assert {each.customer.personal["name"] for each in after} == {"Ama Owusu"}


@pytest.mark.parametrize("most_remembered", [1, 2, 4096])
@pytest.mark.usefixtures("life")
async def test_it_is_the_same_in_whatever_order_and_however_little_is_remembered(
    ledger, book, most_remembered
):
    facts = told(ledger, book)
    whole = {each.stored.position: each for each in Subjects(ledger).after(book, facts)}
    subjects = Subjects(ledger, most_remembered=most_remembered)

    for page in (facts[3:], facts[:2], facts[1:4], facts[4:], facts[2:3], facts):
        for found in subjects.after(book, page):
            expected = whole[found.stored.position]
            assert vars(found.subject) == vars(expected.subject)
            assert vars(found.customer) == vars(expected.customer)


async def test_what_follows_what_was_seen_is_not_read_again(ledger, book, do, engine):
    payment = await do(create_payment, CreatePayment(amount=700, currency="GHS"))
    subjects = Subjects(ledger)
    (begun,) = subjects.after(book, told(ledger, book))
    await do(confirm_payment, payment.id, ConfirmPayment())
    facts, asked = told(ledger, book), []
    event.listen(engine, "before_cursor_execute", lambda *about: asked.append(about))

    (paid,) = subjects.after(book, facts[1:])
    again = subjects.after(book, facts)

    assert not asked
    assert [each.subject for each in again] == [begun.subject, paid.subject]
    assert [each.subject.status for each in again] == ["pending", "succeeded"]


@pytest.mark.usefixtures("life")
async def test_of_a_book_that_was_deleted_nothing_is_told(ledger, book):
    facts = told(ledger, book)
    ledger.delete(book)

    assert Subjects(ledger).after(book, facts[2:]) == []
