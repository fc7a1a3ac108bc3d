"""Whoever carries out workflows is killed at random: each action is done, and recorded once."""

import random
from datetime import UTC, datetime
from functools import partial

import orjson
from deliverer import BOOK, opened
from killing import KILLS, killed_at_random
from receiver import Delays, receiving
from sqlalchemy import update

from commands.workflow_rules import CreateWorkflow, create_workflow
from ledger.clock import written
from ledger.database import writing
from ledger.schema import leases, workflow_actions, workflow_executions

CUSTOMERS, PAYMENTS_EACH = 40, 2 if KILLS == 2 else 5


def let_go(shop):
    """Nobody waits until what was taken falls due by itself, nor for the turn to be over."""
    open_still = workflow_actions.c.completed_at == ""
    due = update(workflow_actions).where(workflow_actions.c.book == BOOK, open_still)
    with writing(shop.engine) as connection:
        connection.execute(update(leases).values(expires_at=0))
        connection.execute(due.values(due_at=written(datetime.now(UTC))))


def states_of(shop):
    return [row.state for row in shop.rows(workflow_actions)]


def test_what_follows_from_each_fact_is_done_and_recorded_once(
    database_url,
    views_wanted,  # noqa: ARG001 (told)
    tmp_path,
):
    chance = random.Random(KILLS)
    with opened(database_url, tmp_path) as shop, receiving() as receiver:
        receiver.behave = lambda _request: Delays(chance.random() * 0.02)
        calls = {"type": "webhook", "config": {"url": receiver.url}}
        rule = {"name": "Tell", "trigger": "payment.created", "actions": [calls]}
        shop.do(create_workflow, CreateWorkflow.model_validate(rule))
        customers = [shop.customer(f"usr{number}") for number in range(CUSTOMERS)]
        paid = shop.pay_all(customers * PAYMENTS_EACH)

        killed_at_random(
            shop.url,
            receiver,
            tmp_path / "log",
            chance=chance,
            enough=lambda kill: kill * len(paid) // (KILLS + 2),
            let_go=partial(let_go, shop),
            is_done=lambda: states_of(shop) == ["success"] * len(paid),
        )

        told = [orjson.loads(request.body) for request in receiver.received]
        executions = shop.rows(workflow_executions)
        assert {each["data"]["id"] for each in told} == set(paid)
        assert len({each["delivery_id"] for each in told}) == len(paid)
        assert len(executions) == len({row.position for row in executions}) == len(paid)
        assert {row.state for row in executions} == {"completed"}
