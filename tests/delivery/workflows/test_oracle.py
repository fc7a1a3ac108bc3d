"""What must follow, for random rules and random lives: told by an oracle that saw them happen.

The oracle notes, at each step, what the rules say then of whom; the workers find out afterwards,
cut off and begun anew at random moments.
"""

import os
import random
from collections import Counter

import pytest
from workflow_lives import Life
from workflow_oracle import TRIGGERS

from domain.payment import Payment
from domain.workflow_triggers import TRIGGERS as OFFERED
from ledger.facts import FactMapper

pytestmark = pytest.mark.anyio
STEPS = int(os.environ.get("WHENCE_TEST_WORKFLOW_STEPS", "120"))


@pytest.fixture
def book(book):
    """In live mode the merchant says what became of a payment, and nobody before."""
    return book.replace("/test", "/live")


@pytest.mark.parametrize("seed", range(3))
async def test_what_follows_is_what_the_oracle_knows_must_follow(
    do, rule, time, book, ledger, new_parts, seed
):
    chance = random.Random(seed)
    life, workers = Life(do, rule, time, ledger, book, chance), [new_parts(), new_parts()]

    for _ in range(STEPS):
        await life.step()
        if chance.random() < 0.1:
            await chance.choice(workers).follower.follow(book, head=ledger.head(book))
        if chance.random() < 0.1:
            workers[chance.randrange(2)] = new_parts()
    life.end()
    for worker in workers:
        await worker.work()

    found = Counter(known(ledger, each) for each in workers[0].executions(book))
    assert found == life.oracle.expected
    assert found


def test_the_oracle_knows_of_all_that_may_set_a_rule_off():
    assert {name for name, trigger in OFFERED.items() if trigger.facts} == set(TRIGGERS)


def known(ledger, execution):
    """An execution as the oracle speaks of it: by what it followed from."""
    [stored] = ledger.read(execution.book, after=execution.position - 1, limit=1)
    fact = FactMapper().decode(stored)
    moved = fact.refund_amount if isinstance(fact, Payment.Refunded) else None
    return execution.rule, stored.stream, moved
