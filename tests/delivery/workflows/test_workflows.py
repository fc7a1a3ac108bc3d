"""Workflows: what follows when something happens, once, whatever goes wrong."""

import asyncio
from datetime import timedelta

import pytest
from workflow_parts import WorkflowParts

from commands.checkout import OpenCheckoutSession, open_checkout_session
from commands.customers import CreateCustomer, UpdateCustomer, create_customer, update_customer
from commands.handling.handler import Context
from commands.organizations import found_organization
from commands.payments import ConfirmPayment, CreatePayment, confirm_payment, create_payment
from commands.refunds import RefundPayment, refund_payment
from commands.workflow_actions import ActionTerms
from commands.workflow_rules import (
    CreateWorkflow,
    UpdateWorkflow,
    create_workflow,
    disable_workflow,
    enable_workflow,
    remove_workflow,
    update_workflow,
)
from delivery.messages.results import SendResult
from delivery.workflows import due_actions, executions
from delivery.workflows.doing import Done, execution_id, execution_named
from delivery.workflows.worker import WorkflowWorker
from domain.customer import Customer
from ledger.clock import written

pytestmark = pytest.mark.anyio

CONFIRM = ConfirmPayment()
MORE_THAN_ARE_DONE_AT_ONCE = 25
PAID = CreateWorkflow(
    name="Paid",
    trigger="payment.success",
    actions=[ActionTerms(type="add_tag", config={"tag": "paid"})],
)


@pytest.fixture
async def ama(do):
    return (await do(create_customer, CreateCustomer(name="Ama", tags=["vip"]))).id


@pytest.fixture
def pay(do):
    async def pay(customer_id, amount=700, **more):
        order = CreatePayment(amount=amount, currency="GHS", customer_id=customer_id, **more)
        payment = await do(create_payment, order)
        await do(confirm_payment, payment.id, ConfirmPayment())
        return payment.id

    return pay


@pytest.fixture
def tags(handler, book):
    async def tags(customer_id):
        customer = await handler.load_recent(Customer, book, customer_id, by_now=True)
        return customer.tags

    return tags


async def test_what_a_rule_says_follows_from_what_happens_after_it_was_made(
    workflows, rule, pay, ama, tags, book
):
    await pay(ama)
    made = await rule("paid")
    await pay(ama)

    await workflows.work()

    [execution] = workflows.executions(book)
    assert (execution.rule, execution.state, execution.customer) == (made.id, "completed", ama)
    assert [(step.type, step.state) for step in workflows.steps(execution)] == [
        ("add_tag", "success")
    ]
    assert await tags(ama) == ["vip", "paid"]


async def test_a_fact_that_is_looked_at_twice_starts_nothing_twice(
    workflows, new_parts, rule, pay, ama, book
):
    await rule("paid")
    await pay(ama)
    other = new_parts()
    await other.follower.follow(book, head=workflows.ledger.head(book))

    await workflows.work()
    await other.work()
    await new_parts().work()

    assert len(workflows.executions(book)) == 1


async def test_an_edit_goes_for_what_happens_after_it_however_late_it_is_looked(
    workflows, rule, pay, ama, do, book
):
    made = await rule("paid", min_amount=500)
    await pay(ama, 700)
    stricter = UpdateWorkflow.model_validate({"conditions": {"min_amount": 1000}})
    await do(update_workflow, made.id, stricter)
    await pay(ama, 700)
    await pay(ama, 1500)
    await do(disable_workflow, made.id)
    await pay(ama, 2000)
    await do(enable_workflow, made.id)
    await pay(ama, 2500)

    await workflows.work()

    assert [each.rule_version for each in workflows.executions(book)] == [1, 2, 4]


@pytest.mark.parametrize("switch", [disable_workflow, remove_workflow])
async def test_what_waits_to_be_done_for_a_rule_that_is_switched_off_is_not_done(
    workflows, rule, pay, ama, do, tags, time, book, switch
):
    made = await rule("paid", after="2h")
    await pay(ama)
    await workflows.work()

    await do(switch, made.id)
    time.pass_by(hours=3)
    await workflows.work()

    [execution] = workflows.executions(book)
    [step] = workflows.steps(execution)
    assert (step.state, execution.state) == ("skipped", "completed")
    assert "switched off" in step.error
    assert await tags(ama) == ["vip"]


async def test_a_delay_is_kept(workflows, rule, pay, ama, tags, time, book):
    await rule("later", after="2h")
    await pay(ama)

    time.pass_by(minutes=119)
    await workflows.work()
    early = await tags(ama)
    [waiting] = workflows.executions(book)
    time.pass_by(minutes=2)
    await workflows.work()

    assert (early, waiting.state) == (["vip"], "pending")
    assert await tags(ama) == ["vip", "later"]


async def test_a_shadow_says_what_it_would_do_and_does_nothing(
    workflows, rule, pay, ama, tags, book
):
    await rule("paid", shadow=True)
    await pay(ama)

    await workflows.work()

    [execution] = workflows.executions(book)
    [step] = workflows.steps(execution)
    assert (execution.shadow, step.state, step.response) == (1, "success", "would add paid")
    assert await tags(ama) == ["vip"]


async def test_conditions_about_the_customer_are_asked_as_of_the_fact_or_now(
    workflows, rule, pay, ama, do, tags, time
):
    await rule("was", customer_tags=["vip"])
    await rule("is", after="1h", customer_tags=["vip"], as_of="now")
    await pay(ama)

    await do(update_customer, ama, UpdateCustomer(tags=[]))
    time.pass_by(hours=2)
    await workflows.work()

    assert await tags(ama) == ["was"]


async def test_what_was_not_met_when_its_turn_came_was_never_an_execution(
    workflows, rule, pay, ama, do, book
):
    await rule("is", customer_tags=["vip"], as_of="now")
    await pay(ama)
    await do(update_customer, ama, UpdateCustomer(tags=[]))

    await workflows.work()

    assert workflows.executions(book) == []
    assert due_actions.due(workflows.ledger.engine, book, now="9", limit=1) == []


class LateViews(WorkflowParts):
    """Whose views know nothing until they are late no more."""

    are_late = True

    async def _payments_of(self, book, customers):
        return ([], 0) if self.are_late else await super()._payments_of(book, customers)


async def test_what_the_views_are_too_late_for_is_asked_again_soon_and_was_no_try(
    ledger, handler, rule, pay, ama, time, tags, book
):
    workflows = LateViews(ledger, handler)
    await rule("spender", min_lifetime_value=100, as_of="now")
    await pay(ama)

    await workflows.work()
    early = await tags(ama)
    workflows.are_late = False
    time.pass_by(seconds=6)
    await workflows.work()

    assert (early, await tags(ama)) == (["vip"], ["vip", "spender"])
    [execution] = workflows.executions(book)
    assert [step.attempts for step in workflows.steps(execution)] == [1]


async def test_what_was_spent_is_asked_as_of_the_fact(workflows, rule, pay, ama, do, book):
    await rule("first", first_payment=True)
    await rule("spender", min_lifetime_value=1500)
    first = await pay(ama, 1000)
    await do(refund_payment, first, RefundPayment(amount=600))
    await pay(ama, 1000)
    await pay(ama, 200)

    await workflows.work()

    topics = {fact.position: fact for fact in workflows.ledger.read(book, limit=999)}
    found = [topics[each.position].stream for each in workflows.executions(book)]
    last = max(
        stream for stream in (fact.stream for fact in topics.values()) if stream.startswith("pay_")
    )
    assert found == [first, last]


async def test_what_a_rule_brings_about_sets_no_rule_off(workflows, rule, pay, ama, tags, book):
    await rule("paid")
    await rule("changed", "customer.updated")
    await pay(ama)

    await workflows.work()
    await workflows.work()

    assert await tags(ama) == ["vip", "paid"]
    assert len(workflows.executions(book)) == 1


async def test_a_cart_is_abandoned_when_its_session_ended_and_a_known_customer_did_not_pay(
    workflows, rule, ama, do, tags, time, book
):
    await rule("left", "cart.abandoned")
    kofi = (await do(create_customer, CreateCustomer(name="Kofi"))).id
    for who in (ama, kofi, None):
        cart = OpenCheckoutSession(amount=900, currency="GHS", customer_id=who)
        opened = await do(lambda work, cart=cart: open_checkout_session(work, cart, prefills=True))
        if who == kofi:
            await do(confirm_payment, opened.payment.id, ConfirmPayment())
    await workflows.work()
    assert workflows.executions(book) == []

    time.pass_by(hours=25)
    await workflows.work()

    [execution] = workflows.executions(book)
    assert (execution.customer, execution.state) == (ama, "completed")
    assert (await tags(ama), await tags(kofi)) == (["vip", "left"], [])


async def test_a_book_whose_receiver_hangs_holds_up_no_other(new_parts, handler, book):
    begun, answered, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def tag(doing):
        if doing.step.book == book:
            begun.set()
            await answered.wait()
        else:
            done.set()
        return Done(SENT)

    async def pay_in(name):
        order = CreatePayment(amount=700, currency="GHS")
        payment = await handler.perform(name, lambda work: create_payment(work, order))
        await handler.perform(name, lambda work: confirm_payment(work, payment.id, CONFIRM))

    other = (await found_organization(handler, "Shea Shop", context=Context())).org_id + "/test"
    for name in (book, other):
        await handler.perform(name, lambda work: create_workflow(work, PAID))
    workflows = new_parts(add_tag=tag)
    working = asyncio.create_task(workflows.worker.work_until_closed())
    for _ in range(MORE_THAN_ARE_DONE_AT_ONCE):
        await pay_in(book)
    await begun.wait()
    await pay_in(other)

    async with asyncio.timeout(10):
        await done.wait()

    answered.set()
    workflows.worker.close()
    await working
    [execution] = workflows.executions(other)
    assert execution.state == "completed"


class Flaky:
    """Answers as it is told to, one try after the other, and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    async def __call__(self, doing):
        self.asked.append(doing.key)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Done(answer)


LATER, SENT = SendResult("later", error="busy"), SendResult("sent", "ok")


async def test_what_fails_is_tried_again_under_the_same_name_and_then_has_failed(
    new_parts, rule, pay, ama, time, book
):
    flaky = Flaky(LATER, RuntimeError("a fault of ours"), LATER, LATER, LATER)
    workflows = new_parts(add_tag=flaky)
    await rule("paid")
    await pay(ama)

    for minutes in (0, 1, 5, 30, 120, 1000):
        time.pass_by(minutes=minutes, seconds=1)
        await workflows.work()

    [execution] = workflows.executions(book)
    [step] = workflows.steps(execution)
    assert (step.state, step.attempts, step.error) == ("failed", 5, "busy")
    assert (execution.state, execution.error) == ("failed", "busy")
    assert len(flaky.asked) == 5
    assert len(set(flaky.asked)) == 1


async def test_what_the_receiver_asks_for_is_waited_for(new_parts, rule, pay, ama, time):
    flaky = Flaky(SendResult("later", retry_after=600), SENT)
    workflows = new_parts(add_tag=flaky)
    await rule("paid")
    await pay(ama)
    await workflows.work()

    time.pass_by(minutes=9)
    await workflows.work()
    early = len(flaky.asked)
    time.pass_by(minutes=2)
    await workflows.work()

    assert (early, len(flaky.asked)) == (1, 2)


async def test_of_an_action_each_try_is_kept_with_what_was_answered(
    new_parts, rule, pay, ama, time, book
):
    flaky = Flaky(
        SendResult("later", "503 busy", error="it is in trouble itself"),
        RuntimeError("a fault of ours"),
        # As mail servers say it that do not speak UTF-8.
        SendResult("sent", "250 accept\udce9\0"),
    )
    workflows = new_parts(add_tag=flaky)
    await rule("paid")
    await pay(ama)

    for _ in range(3):
        await workflows.work()
        time.pass_by(minutes=10)

    [execution] = workflows.executions(book)
    named = (execution.book, execution.rule, execution.position)
    tried = executions.attempts_of(workflows.ledger.engine, *named)[0]
    assert [(each.attempt, each.response, each.error) for each in tried] == [
        (1, "503 busy", "it is in trouble itself"),
        (2, "", "something went wrong on our side"),
        (3, "250 accept?", ""),
    ]
    assert [each.at for each in tried] == sorted({each.at for each in tried})


async def test_what_a_process_has_taken_and_died_with_another_does(
    workflows, new_parts, rule, pay, ama, time, book, tags
):
    await rule("paid")
    await pay(ama)
    head = workflows.ledger.head(book)
    await workflows.follower.follow(book, head=head)
    engine, now = workflows.ledger.engine, time()
    [due] = due_actions.due(engine, book, now=written(now), limit=9)
    [taken] = due_actions.take(
        engine, [due], now=written(now), until=written(now + timedelta(minutes=10))
    )

    other = new_parts()
    await other.work()
    early = await tags(ama)
    time.pass_by(minutes=11)
    await other.work()
    late = taken._replace(state="failed", due_at="", error="said too late")

    assert (early, await tags(ama)) == (["vip"], ["vip", "paid"])
    assert not due_actions.record(engine, taken, late, now=written(time()))
    [execution] = workflows.executions(book)
    assert (execution.state, workflows.steps(execution)[0].attempts) == ("completed", 2)


async def test_only_one_of_two_takes_what_is_due(workflows, rule, pay, ama, time, book):
    await rule("paid")
    await pay(ama)
    await workflows.follower.follow(book, head=workflows.ledger.head(book))
    engine, now = workflows.ledger.engine, written(time())
    due = due_actions.due(engine, book, now=now, limit=9)

    until = written(time() + timedelta(minutes=10))
    first, second = (due_actions.take(engine, due, now=now, until=until) for _ in range(2))

    assert (len(first), len(second)) == (1, 0)


async def test_what_is_recorded_where_no_rules_are_makes_nobody_look(workflows, rule, book, ledger):
    looks = []
    worker = WorkflowWorker(
        ledger, workflows.follower, workflows.executor, its_turn=lambda: looks.append(1) or True
    )

    async def looks_while_told_of(book):
        before, working = len(looks), asyncio.create_task(worker.work_until_closed())
        for head in range(100):
            worker.notify({book: head})
            await asyncio.sleep(0.005)
        working.cancel()
        return len(looks) - before

    without_rules = await looks_while_told_of(book)
    await rule("paid")
    with_rules = await looks_while_told_of(book)

    assert with_rules > 3 * without_rules


@pytest.mark.parametrize("name", ["", "exe_", "exe_01hx_", "exe_01hx_x", "wf_1_2", "exe_1_²"])
def test_what_is_no_name_of_an_execution_is_none(name):
    assert execution_named(name) is None
    assert execution_named(execution_id("wf_01hx", 12)) == ("wf_01hx", 12)
