"""Whoever carries out workflows is killed at random: each action is done, and recorded once."""

import os
import random
import time
from datetime import UTC, datetime

import orjson
from deliverer import BOOK, opened
from forked import ForkedCommand
from receiver import Delays, receiving
from secret_keys import SECRET_KEYS
from sqlalchemy import update
from waiting import awaited

from commands.workflow_rules import CreateWorkflow, create_workflow
from ledger.clock import written
from ledger.database import writing
from ledger.schema import leases, workflow_actions, workflow_executions

KILLS = int(os.environ.get("WHENCE_TEST_KILLS", "2"))
CUSTOMERS, PAYMENTS_EACH = 40, 5


def killed_at_random(shop, receiver, log, *, chance):
    """Again and again, each time with something under way."""
    wanted = CUSTOMERS * PAYMENTS_EACH
    environment = os.environ | {
        "WHENCE_DATABASE_URL": shop.url,
        "WHENCE_SECRET_KEYS": SECRET_KEYS,
        "WHENCE_LOG_FORMAT": "json",
    }
    with log.open("wb") as said:
        for kill in range(1, KILLS + 1):
            process = ForkedCommand(["deliver"], environment, said)
            enough = kill * wanted // (KILLS + 2)
            awaited(lambda enough=enough: len(receiver.received) >= enough, every_seconds=0.002)
            time.sleep(chance.random() * 0.05)
            process.kill()
            process.wait(timeout=60)
            let_go(shop)
        process = ForkedCommand(["deliver"], environment, said)
        awaited(lambda: [row.state for row in shop.rows(workflow_actions)] == ["success"] * wanted)
        process.terminate()
        assert process.wait(timeout=60) == 0


def let_go(shop):
    """Nobody waits until what was taken falls due by itself, nor for the turn to be over."""
    open_still = workflow_actions.c.completed_at == ""
    due = update(workflow_actions).where(workflow_actions.c.book == BOOK, open_still)
    with writing(shop.engine) as connection:
        connection.execute(update(leases).values(expires_at=0))
        connection.execute(due.values(due_at=written(datetime.now(UTC))))


def test_what_follows_from_each_fact_is_done_and_recorded_once(database_url, tmp_path):
    chance = random.Random(KILLS)
    with opened(database_url, tmp_path) as shop, receiving() as receiver:
        receiver.behave = lambda _request: Delays(chance.random() * 0.02)
        calls = {"type": "webhook", "config": {"url": receiver.url}}
        rule = {"name": "Tell", "trigger": "payment.created", "actions": [calls]}
        shop.do(create_workflow, CreateWorkflow.model_validate(rule))
        customers = [shop.customer(f"usr{number}") for number in range(CUSTOMERS)]
        paid = shop.pay_all(customers * PAYMENTS_EACH)

        killed_at_random(shop, receiver, tmp_path / "log", chance=chance)

        told = [orjson.loads(request.body) for request in receiver.received]
        executions = shop.rows(workflow_executions)
        assert {each["data"]["id"] for each in told} == set(paid)
        assert len({each["delivery_id"] for each in told}) == len(paid)
        assert len(executions) == len({row.position for row in executions}) == len(paid)
        assert {row.state for row in executions} == {"completed"}
