"""Command handler: a command is carried out once, whole, and on the truth, whoever is at work."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from threading import current_thread

import pytest
from sqlalchemy import event

from commands.client_secrets import InvalidClientSecret, client_secret
from commands.customers import CreateCustomer, UpdateCustomer, create_customer, update_customer
from commands.handling.handler import (
    CommandHandler,
    Context,
    Idempotency,
    IdempotencyConflict,
    StillUnderWay,
)
from commands.handling.ids import Ids
from commands.payments import (
    CancelPayment,
    ConfirmPayment,
    CreatePayment,
    cancel_payment,
    confirm_intent,
    confirm_payment,
    create_payment,
)
from commands.refunds import RefundPayment, refund_payment
from domain.customer import ExternalIdTaken
from domain.errors import Refusal
from domain.organization import Organization
from domain.payment import Payment
from domain.payment_refusals import WrongStatus

pytestmark = pytest.mark.anyio


def now():
    return datetime.now(UTC)


PAYMENT = CreatePayment(amount=1000, currency="GHS")


async def test_the_answer_names_the_position_of_the_last_fact(ask, ledger, book):
    answer = await ask(create_payment, PAYMENT)

    assert answer.position == ledger.head(book)
    assert not answer.replayed


async def test_the_context_stands_beside_each_fact(ask, ledger, book):
    answer = await ask(create_payment, PAYMENT)

    (fact,) = ledger.read(book, after=answer.position - 1, limit=10)
    assert json.loads(fact.context) == {
        "actor": None,
        "key_id": "key_1",
        "request_id": "req_1",
        "caused_by": None,
    }


async def test_the_same_key_gets_the_same_answer_and_has_one_effect(ask, ledger, book):
    first = await ask(create_payment, PAYMENT, key="POST /v1/payments/intents k1")
    head = ledger.head(book)

    again = await ask(create_payment, PAYMENT, key="POST /v1/payments/intents k1")

    assert (again.status, again.body) == (first.status, first.body)
    assert again.replayed
    assert ledger.head(book) == head


async def test_the_same_key_in_parallel_has_one_effect_and_one_answer(ask, ledger, book):
    before = ledger.head(book)

    answers = await asyncio.gather(*(ask(create_payment, PAYMENT, key="k") for _ in range(50)))

    assert len({answer.body for answer in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    assert ledger.head(book) == before + 1


async def test_the_same_key_with_another_body_is_refused(ask):
    await ask(create_payment, PAYMENT, key="k")

    with pytest.raises(IdempotencyConflict):
        await ask(create_payment, PAYMENT, key="k", fingerprint="another body")


async def test_what_reaches_outside_is_begun_once_by_a_key_whoever_is_asked(ask, neighbour):
    begun, has_begun, may_end = [], asyncio.Event(), asyncio.Event()

    async def send(_work):
        begun.append("a message")
        has_begun.set()
        await may_end.wait()

    outside = {"key": "k", "reaches_outside": True}
    first = asyncio.create_task(ask(send, **outside))
    await has_begun.wait()
    with pytest.raises(StillUnderWay):
        await ask(send, **outside, by=neighbour)
    with pytest.raises(IdempotencyConflict):
        await ask(send, **outside, fingerprint="another body")
    may_end.set()
    answer = await first
    again = await ask(send, **outside, by=neighbour)

    assert begun == ["a message"]
    assert (again.body, again.replayed) == (answer.body, True)


async def test_a_refusal_under_a_key_is_an_answer_like_any_other(ask, do):
    await do(create_customer, CreateCustomer(external_id="usr_1"))

    first = await ask(create_customer, CreateCustomer(external_id="usr_1"), key="k")
    again = await ask(create_customer, CreateCustomer(external_id="usr_1"), key="k")

    assert first.status == 409
    assert json.loads(first.body)["code"] == "customer_already_exists"
    assert (again.status, again.body, again.replayed) == (409, first.body, True)


async def test_a_command_that_was_carried_out_is_not_refused_when_it_is_sent_again(ask, do):
    payment = await do(create_payment, CreatePayment(amount=4000, currency="GHS"))
    first = await ask(refund_payment, payment.id, RefundPayment(), key="k")

    again = await ask(refund_payment, payment.id, RefundPayment(), key="k")

    assert (again.status, again.body, again.replayed) == (201, first.body, True)


async def test_a_key_is_known_to_a_process_that_was_started_later(ask, neighbour):
    first = await ask(create_payment, PAYMENT, key="k")

    again = await ask(create_payment, PAYMENT, key="k", by=neighbour)

    assert (again.body, again.replayed) == (first.body, True)


async def test_a_caller_who_went_away_gets_the_first_answer_when_they_come_back(ask, ledger, book):
    before = ledger.head(book)
    call = asyncio.create_task(ask(create_payment, PAYMENT, key="k"))
    while ledger.head(book) == before:  # noqa: ASYNC110 (the ledger tells nobody here)
        await asyncio.sleep(0)
    call.cancel()

    again = await ask(create_payment, PAYMENT, key="k")

    assert again.replayed
    assert ledger.head(book) == before + 1


async def test_an_answer_is_kept_for_a_day(ledger, book):
    moment = now()
    handler = CommandHandler(ledger, clock=lambda: moment - timedelta(hours=25), ids=Ids(now))
    idempotency = Idempotency("k", "a body")

    async def pay():
        return await handler.handle(
            book,
            lambda work: create_payment(work, PAYMENT),
            present=lambda payment: (201, payment.id),
            refuse=lambda refusal: (400, refusal.code),
            context=Context(),
            idempotency=idempotency,
        )

    yesterday, today = await pay(), await pay()
    handler.close()

    assert yesterday.body != today.body
    assert not today.replayed


async def test_who_may_not_ask_leaves_no_answer_under_a_key(ask, do, handler, shop, book):
    payment = await do(create_payment, PAYMENT)
    organization = await handler.load_recent(Organization, book, shop.org_id)
    secret = client_secret(organization, payment.id)

    with pytest.raises(InvalidClientSecret):
        await ask(confirm_intent, payment.id, secret[:-1] + "x", key="k")

    assert (await ask(confirm_intent, payment.id, secret, key="k")).status == 201


async def test_four_processes_at_work_on_one_payment_all_get_a_true_answer(do, ledger):
    payment = await do(create_payment, CreatePayment(amount=4000, currency="GHS"))
    handlers = [CommandHandler(ledger, clock=now, ids=Ids(now)) for _ in range(4)]

    async def refund_hundred(by):
        try:
            await do(refund_payment, payment.id, RefundPayment(amount=100), by=by)
        except Refusal as refusal:
            return type(refusal)
        return None

    answers = await asyncio.gather(*(refund_hundred(by) for _ in range(15) for by in handlers))
    for handler in handlers:
        handler.close()

    assert answers.count(None) == 40
    assert answers.count(WrongStatus) == 20


async def test_a_refused_command_leaves_no_trace_in_memory(do):
    payment = await do(create_payment, PAYMENT)

    async def changes_its_mind(work):
        seen = await work.load_for_update(Payment, payment.id)
        seen.cancel(work.now)
        raise WrongStatus("cancel", "whatever")

    with pytest.raises(WrongStatus):
        await do(changes_its_mind)

    confirmed = await do(confirm_payment, payment.id, ConfirmPayment())
    assert confirmed.status == "succeeded"


async def test_two_hundred_parallel_refunds_of_one_payment_never_exceed_it(do):
    payment = await do(create_payment, CreatePayment(amount=4000, currency="GHS"))

    async def refund_fifty():
        try:
            await do(refund_payment, payment.id, RefundPayment(amount=50))
        except Refusal as refusal:
            return refusal
        return None

    refusals = await asyncio.gather(*(refund_fifty() for _ in range(200)))

    assert refusals.count(None) == 80
    assert {type(refusal) for refusal in refusals} == {type(None), WrongStatus}
    refunded = await do(_payment, payment.id)
    assert (refunded.status, refunded.refunded_amount) == ("refunded", 4000)


async def test_refunds_from_two_processes_never_exceed_the_payment(do, handler, neighbour):
    payment = await do(create_payment, CreatePayment(amount=4000, currency="GHS"))

    async def refund_hundred(by):
        try:
            await do(refund_payment, payment.id, RefundPayment(amount=100), by=by)
        except Refusal as refusal:
            return refusal
        return None

    refusals = await asyncio.gather(
        *(refund_hundred(by) for _ in range(30) for by in (handler, neighbour))
    )

    assert refusals.count(None) == 40
    assert {type(refusal) for refusal in refusals} == {type(None), WrongStatus}


async def test_a_refusal_rests_on_what_is_and_not_on_what_is_remembered(do, neighbour):
    payment = await do(create_payment, PAYMENT)
    await do(confirm_payment, payment.id, ConfirmPayment(), by=neighbour)

    _, refund_id = await do(refund_payment, payment.id, RefundPayment(amount=300))

    assert refund_id.startswith("ref_")


async def test_doing_nothing_rests_on_what_is_and_not_on_what_is_remembered(do, neighbour):
    customer = await do(create_customer, CreateCustomer(name="Ama"))
    await do(update_customer, customer.id, UpdateCustomer(name="Adwoa"), by=neighbour)

    await do(update_customer, customer.id, UpdateCustomer(name="Ama"))

    seen = await do(update_customer, customer.id, UpdateCustomer(), by=neighbour)
    assert seen.personal["name"] == "Ama"


async def test_two_hundred_parallel_creates_of_one_external_id_have_one_winner(do):
    async def create():
        try:
            return await do(create_customer, CreateCustomer(external_id="usr_1"))
        except ExternalIdTaken as taken:
            return taken

    results = await asyncio.gather(*(create() for _ in range(200)))

    refusals = [result for result in results if isinstance(result, ExternalIdTaken)]
    (winner,) = [result for result in results if not isinstance(result, ExternalIdTaken)]
    assert len(refusals) == 199
    assert {refusal.details["customer_id"] for refusal in refusals} == {winner.id}


async def test_many_commands_on_many_payments_are_all_carried_out(do, ledger, book):
    async def life():
        payment = await do(create_payment, PAYMENT)
        await do(confirm_payment, payment.id, ConfirmPayment())
        return await do(refund_payment, payment.id, RefundPayment())

    before = ledger.head(book)

    await asyncio.gather(*(life() for _ in range(100)))

    assert ledger.head(book) == before + 300
    assert [fact.position for fact in ledger.read(book, limit=1000)] == list(range(1, before + 301))


async def test_a_payment_without_a_customer_reads_nothing(do, engine):
    await do(create_payment, PAYMENT)
    readers = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(*_):
        if current_thread().name.startswith("commands-read"):
            readers.append(current_thread().name)

    payment = await do(create_payment, PAYMENT)
    await do(confirm_payment, payment.id, ConfirmPayment())

    assert readers == []


async def test_a_short_memory_makes_no_difference(do, ledger):
    forgetful = CommandHandler(ledger, clock=now, ids=Ids(now), cache_size=1)
    payments = [await do(create_payment, PAYMENT, by=forgetful) for _ in range(3)]

    confirmed = [
        await do(confirm_payment, payment.id, ConfirmPayment(), by=forgetful)
        for payment in payments
    ]
    forgetful.close()

    assert {payment.status for payment in confirmed} == {"succeeded"}


async def test_canceling_against_confirming_ends_in_one_of_the_two(do, neighbour, ledger, book):
    payments = [await do(create_payment, PAYMENT) for _ in range(10)]

    await asyncio.gather(
        *(do(cancel_payment, payment.id, CancelPayment()) for payment in payments),
        *(do(confirm_payment, p.id, ConfirmPayment(), by=neighbour) for p in payments),
        return_exceptions=True,
    )

    for payment in payments:
        created, *ended = [fact.topic for fact in ledger.read_stream(book, payment.id)]
        assert created == "payment.created"
        assert ended in (["payment.canceled"], ["payment.succeeded"])


async def _payment(work, payment_id):
    return await work.load_recent(Payment, payment_id)
