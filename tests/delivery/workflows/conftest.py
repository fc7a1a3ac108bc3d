"""Workflows over a real ledger, by a clock that tests move."""

from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Lock

import pytest
from secret_keys import KEYRING
from workflow_parts import WorkflowParts

from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from commands.workflow_rules import CreateWorkflow, create_workflow
from ledger.ledger import Ledger


class MovableClock:
    """The time of all parts of a test; it goes on when it is told to, and never back."""

    def __init__(self):
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self._reading = Lock()

    def __call__(self):
        # Asked by several threads: what one of them wrote late would be in the past, and what
        # was recorded meanwhile not due yet.
        with self._reading:
            self.now += timedelta(microseconds=1)
            return self.now

    def pass_by(self, **span):
        self.now += timedelta(**span)


@pytest.fixture
def time():
    return MovableClock()


@pytest.fixture
def ledger(engine, time):
    with Ledger(engine, clock=time) as ledger:
        yield ledger


@pytest.fixture
def handler(ledger, time):
    handler = CommandHandler(ledger, clock=time, ids=Ids(time), keyring=KEYRING)
    yield handler
    handler.close()


@pytest.fixture
def new_parts(ledger, handler):
    """One process more: what follows is found and done by it."""
    return partial(WorkflowParts, ledger, handler)


@pytest.fixture
def workflows(new_parts):
    return new_parts()


@pytest.fixture
def rule(do):
    """Makes a rule that adds a tag: ``await rule("vip", min_amount=500)``."""

    async def rule(tag, trigger="payment.success", *, after=None, shadow=False, **conditions):
        action = {"type": "add_tag", "config": {"tag": tag}, "after": after}
        said = {"name": tag, "trigger": trigger, "actions": [action], "shadow": shadow}
        command = CreateWorkflow.model_validate(said | {"conditions": conditions})
        return await do(create_workflow, command)

    return rule
