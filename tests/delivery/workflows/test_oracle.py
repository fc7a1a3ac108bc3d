"""What must follow, for random rules and random lives: told by an oracle that saw them happen.

The oracle notes, at each step, what the rules say then of whom; the workers find out afterwards,
cut off and begun anew at random moments.
"""

import os
import random
from collections import Counter

import pytest

from commands.customers import CreateCustomer, UpdateCustomer, create_customer, update_customer
from commands.payments import ConfirmPayment, CreatePayment, confirm_payment, create_payment
from commands.refunds import RefundPayment, refund_payment
from commands.workflow_rules import (
    UpdateWorkflow,
    disable_workflow,
    enable_workflow,
    remove_workflow,
    update_workflow,
)
from domain.payment import Payment
from ledger.facts import FactMapper

pytestmark = pytest.mark.anyio
STEPS = int(os.environ.get("WHENCE_TEST_WORKFLOW_STEPS", "60"))
TAGS = ("vip", "early", "churned")


def some_conditions(chance):
    """Of all kinds, a few at a time."""
    offered = {
        "min_amount": chance.randrange(100, 900),
        "max_amount": chance.randrange(300, 1200),
        "currencies": [chance.choice(["GHS", "NGN"])],
        "first_payment": chance.random() < 0.5,
        "min_lifetime_value": chance.randrange(500, 3000),
        "customer_tags": chance.sample(TAGS, 2),
        "customer_tags_all": chance.sample(TAGS, 1),
        "metadata_match": {"campaign": chance.choice("ab")},
    }
    names = chance.sample(sorted(offered), chance.randrange(3))
    chosen = {name: offered[name] for name in names}
    if chosen.get("min_amount", 0) > chosen.get("max_amount", 10**9):
        del chosen["max_amount"]
    return chosen


class Oracle:
    """Knows what everybody did, and what each rule says at the moment."""

    def __init__(self):
        self.rules, self.tags, self.paid, self.kept = {}, {}, {}, {}
        self.expected = Counter()

    def pays(self, who, payment, amount, currency, campaign):
        self.paid[who] = self.paid.get(who, 0) + 1
        self.moves(who, currency, amount)
        self._note("payment.success", who, payment, amount, currency, campaign)

    def refunds(self, who, payment, amount, currency, campaign):
        self.moves(who, currency, -amount)
        self._note("refund.success", who, payment, amount, currency, campaign)

    def moves(self, who, currency, amount):
        key = (who, currency)
        self.kept[key] = self.kept.get(key, 0) + amount

    def _note(self, trigger, who, payment, amount, currency, campaign):
        for rule_id, rule in self.rules.items():
            if rule["on"] and rule["trigger"] == trigger:
                happened = (who, amount, currency, campaign)
                if all(self._met(name, said, *happened) for name, said in rule["asks"].items()):
                    self.expected[rule_id, payment, trigger, amount] += 1

    def _met(self, name, said, who, amount, currency, campaign):
        tags = self.tags[who]
        return {
            "min_amount": lambda: amount >= said,
            "max_amount": lambda: amount <= said,
            "currencies": lambda: currency in said,
            "first_payment": lambda: said == (self.paid[who] == 1),
            "min_lifetime_value": lambda: self.kept[who, currency] >= said,
            "customer_tags": lambda: bool(tags & set(said)),
            "customer_tags_all": lambda: set(said) <= tags,
            "metadata_match": lambda: said["campaign"] == campaign,
        }[name]()


class Life:
    """A book in which things happen by chance, before the eyes of the oracle."""

    def __init__(self, do, rule, chance):
        self.do, self.rule, self.chance = do, rule, chance
        self.oracle, self.people, self.payments = Oracle(), [], []

    async def step(self):
        steps = [self.come, self.pay, self.pay, self.pay, self.refund, self.retag, self.decide]
        await self.chance.choice(steps if self.people else [self.come])()

    async def come(self):
        tags = self.chance.sample(TAGS, self.chance.randrange(3))
        who = (await self.do(create_customer, CreateCustomer(tags=tags))).id
        self.people.append(who)
        self.oracle.tags[who] = set(tags)

    async def pay(self):
        who, amount = self.chance.choice(self.people), self.chance.randrange(100, 1500)
        currency, campaign = self.chance.choice(["GHS", "NGN"]), self.chance.choice("ab")
        order = CreatePayment(
            amount=amount, currency=currency, customer_id=who, metadata={"campaign": campaign}
        )
        payment = await self.do(create_payment, order)
        await self.do(confirm_payment, payment.id, ConfirmPayment())
        self.payments.append([who, payment.id, amount, currency, campaign])
        self.oracle.pays(who, payment.id, amount, currency, campaign)

    async def refund(self):
        if not self.payments:
            return
        paid = self.chance.choice(self.payments)
        who, payment, left, currency, campaign = paid
        if left > 1:
            amount = self.chance.randrange(1, left)
            await self.do(refund_payment, payment, RefundPayment(amount=amount))
            paid[2] -= amount
            self.oracle.refunds(who, payment, amount, currency, campaign)

    async def retag(self):
        who = self.chance.choice(self.people)
        tags = self.chance.sample(TAGS, self.chance.randrange(3))
        await self.do(update_customer, who, UpdateCustomer(tags=tags))
        self.oracle.tags[who] = set(tags)

    async def decide(self):
        rules = {key: each for key, each in self.oracle.rules.items() if not each["gone"]}
        if len(rules) < 3 or self.chance.random() < 0.3:
            await self.make()
            return
        key = self.chance.choice(sorted(rules))
        await self.chance.choice([self.change, self.switch, self.switch, self.remove])(key)

    async def make(self):
        trigger = self.chance.choice(["payment.success", "refund.success"])
        asks = some_conditions(self.chance)
        if trigger == "refund.success":
            asks.pop("first_payment", None)
        # In shadow, so that no tag is added that others are asked for.
        made = await self.rule("x", trigger, shadow=True, **asks)
        self.oracle.rules[made.id] = {"trigger": trigger, "asks": asks, "on": True, "gone": False}

    async def change(self, key):
        asks = some_conditions(self.chance)
        if self.oracle.rules[key]["trigger"] == "refund.success":
            asks.pop("first_payment", None)
        changed = UpdateWorkflow.model_validate({"conditions": asks})
        await self.do(update_workflow, key, changed)
        self.oracle.rules[key]["asks"] = asks

    async def switch(self, key):
        rule = self.oracle.rules[key]
        rule["on"] = not rule["on"]
        await self.do(enable_workflow if rule["on"] else disable_workflow, key)

    async def remove(self, key):
        await self.do(remove_workflow, key)
        self.oracle.rules[key] |= {"on": False, "gone": True}


@pytest.mark.parametrize("seed", range(3))
async def test_what_follows_is_what_the_oracle_knows_must_follow(
    do, rule, book, ledger, new_parts, seed
):
    chance = random.Random(seed)
    life, workers = Life(do, rule, chance), [new_parts(), new_parts()]

    for _ in range(STEPS):
        await life.step()
        if chance.random() < 0.1:
            await chance.choice(workers).follower.follow(book, head=ledger.head(book))
        if chance.random() < 0.1:
            workers[chance.randrange(2)] = new_parts()
    for worker in workers:
        await worker.work()

    found = Counter(known(ledger, each) for each in workers[0].executions(book))
    assert found == life.oracle.expected
    assert found


def known(ledger, execution):
    """An execution as the oracle speaks of it: by what it followed from."""
    [stored] = ledger.read(execution.book, after=execution.position - 1, limit=1)
    fact = FactMapper().decode(stored)
    if isinstance(fact, Payment.Refunded):
        return execution.rule, stored.stream, "refund.success", fact.refund_amount
    return execution.rule, stored.stream, "payment.success", fact.captured_amount
