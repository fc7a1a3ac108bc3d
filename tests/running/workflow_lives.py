"""Lives for the oracle of workflows: things happen by chance in a book, before its eyes."""

from functools import partial

from workflow_oracle import TAGS, TRIGGERS, Oracle, some_conditions

from commands.billing import bill
from commands.checkout import OpenCheckoutSession, open_checkout_session
from commands.customers import CreateCustomer, UpdateCustomer, create_customer, update_customer
from commands.payments import (
    AmendPayment,
    CancelPayment,
    ConfirmPayment,
    CreatePayment,
    FailPayment,
    amend_payment,
    cancel_payment,
    confirm_payment,
    create_payment,
    expire_payment,
    fail_payment,
)
from commands.refunds import (
    OpenDispute,
    RefundPayment,
    ResolveDispute,
    open_dispute,
    refund_payment,
    resolve_dispute,
)
from commands.subscriptions import (
    CancelSubscription,
    CreateSubscription,
    PauseSubscription,
    cancel_subscription,
    create_subscription,
    pause_subscription,
)
from commands.workflow_rules import (
    UpdateWorkflow,
    disable_workflow,
    enable_workflow,
    remove_workflow,
    update_workflow,
)
from domain.invoice import Invoice
from domain.payment import Payment
from ledger.facts import FactMapper

_HOME = {"GHS": "GH", "NGN": "NG"}


class Life:
    """A book in which things happen by chance, before the eyes of the oracle."""

    def __init__(self, do, rule, time, ledger, book, chance):
        self.do, self.rule, self.time, self.chance = do, rule, time, chance
        self.ledger, self.book, self.read_upto = ledger, book, 0
        self.oracle, self.people = Oracle(), []
        self.payments, self.members = [], []

    async def step(self):
        pays = [self.pay, self.pay, self.open_cart, self.settle, self.settle, self.settle]
        after = [self.refund, self.dispute, self.decide_dispute, self.ask_for_receipt]
        members = [self.subscribe, self.subscribe, self.let_a_month_pass, self.pause, self.cancel]
        steps = [*pays, *after, *members, self.come, self.change_customer, self.attach, self.attach]
        await self.chance.choice([*steps, *[self.decide] * 6] if self.people else [self.come])()

    def end(self):
        """Days pass: the turn comes of all that waits for it."""
        self.time.pass_by(days=3)
        self.oracle.end()

    async def come(self):
        said = {"tags": self._some_tags(), "metadata": self._some_metadata()}
        who = (await self.do(create_customer, CreateCustomer(**said))).id
        self.people.append(who)
        self._know(who, said)
        self.oracle.happens("customer.created", who, who, metadata=said["metadata"])

    async def change_customer(self):
        who = self.chance.choice(self.people)
        said = {"tags": self._some_tags(), "metadata": self._some_metadata()}
        before = dict(self.oracle.people[who])
        await self.do(update_customer, who, UpdateCustomer(**said))
        self._know(who, said)
        if self.oracle.people[who] != before:
            self.oracle.happens("customer.updated", who, who, metadata=said["metadata"])

    async def pay(self):
        order = self._order()
        source = self.chance.choice([("api", None), ("payment_link", "poster")])
        order |= {"source": source[0], "source_id": source[1]}
        made = await self.do(create_payment, CreatePayment(**order))
        self._begin(made.id, order)

    async def open_cart(self):
        order = self._order() | {"source": "api", "source_id": None}
        opens = partial(open_checkout_session, prefills=True)
        opened = await self.do(opens, OpenCheckoutSession(**order))
        payment = self._begin(opened.payment.id, order)
        what = payment["what"]
        session = opened.session.id
        self.oracle.happens("cart.abandoned", session, payment["who"], cart=payment, **what)

    async def settle(self):
        if not (payment := self._one_that_is("pending")):
            return
        steps = {
            "succeeded": ("payment.success", confirm_payment, ConfirmPayment()),
            "failed": ("payment.failed", fail_payment, FailPayment()),
            "canceled": ("payment.canceled", cancel_payment, CancelPayment()),
            "expired": ("payment.expired", expire_payment, None),
        }
        became = self.chance.choice(["succeeded"] * 4 + ["failed", "failed", "canceled", "expired"])
        trigger, command, said = steps[became]
        await self.do(command, payment["id"], *([] if said is None else [said]))
        payment["status"] = became
        if became == "succeeded":
            payment["left"] = payment["what"]["amount"]
            self.oracle.paid[payment["who"]] += 1
            self._moves(payment, payment["left"])
        self._happens(trigger, payment)
        followed = {"succeeded": "invoice.paid", "failed": "subscription.past_due"}.get(became)
        if payment["invoice"] and followed:
            billed = payment["what"] | {"metadata": {}}
            self.oracle.happens(followed, payment["invoice"], payment["who"], **billed)

    async def attach(self):
        """Somebody finds out whose a payment is."""
        status = self.chance.choice(["pending", *["succeeded"] * 4])
        found = [each for each in self.payments if each["who"] is None and each["status"] == status]
        if not found:
            return
        payment = self.chance.choice(found)
        who = payment["who"] = self.chance.choice(self.people)
        await self.do(amend_payment, payment["id"], AmendPayment(customer_id=who))
        if payment["status"] == "succeeded":
            self.oracle.paid[who] += 1
            self._moves(payment, payment["left"])
            self.oracle.is_given_to(who, payment["id"], **payment["what"])

    async def refund(self):
        payment = self._one_that_is("succeeded")
        if payment and payment["left"] > 1:
            amount = self.chance.randrange(1, payment["left"])
            await self.do(refund_payment, payment["id"], RefundPayment(amount=amount))
            self._moves(payment, -amount)
            payment["left"] -= amount
            self._happens("refund.success", payment, amount=amount, moved=amount)

    async def dispute(self):
        if payment := self._one_that_is("succeeded"):
            await self.do(open_dispute, payment["id"], OpenDispute())
            payment["status"] = "disputed"
            self._happens("dispute.created", payment, amount=payment["left"])

    async def decide_dispute(self):
        if payment := self._one_that_is("disputed"):
            outcome = self.chance.choice(["won", "lost"])
            await self.do(resolve_dispute, payment["id"], ResolveDispute(outcome=outcome))
            payment["status"] = {"won": "succeeded", "lost": "given back"}[outcome]
            if outcome == "lost":
                self._moves(payment, -payment["left"])
            self._happens("dispute.resolved", payment, amount=payment["left"])

    async def ask_for_receipt(self):
        async def request(work, payment_id):
            payment = await work.load_for_update(Payment, payment_id)
            payment.request_receipt(work.now)

        if payment := self._one_that_is("succeeded"):
            await self.do(request, payment["id"])
            self._happens("receipt.requested", payment)

    async def subscribe(self):
        who, currency = self.chance.choice(self.people), self.chance.choice(["GHS", "NGN"])
        what = {
            "amount": self.chance.randrange(100, 1500),
            "currency": currency,
            "method": "mobile_money",
            "metadata": {"campaign": self.chance.choice("ab")},
        }
        asked = CreateSubscription(customer_id=who, plan_id="gold", interval="monthly", **what)
        made = await self.do(create_subscription, asked)
        member = {"id": made.id, "who": who, "what": what, "status": "active"}
        self.members.append(member)
        self.oracle.happens("subscription.created", made.id, who, **what)
        self._renew(member)

    async def let_a_month_pass(self):
        self.time.pass_by(days=31)
        for member in self.members:
            while member["status"] == "active" and await self.do(bill, member["id"]):
                self._renew(member)

    async def pause(self):
        if member := self._member("active"):
            await self.do(pause_subscription, member["id"], PauseSubscription())
            member["status"] = "paused"
            what = member["what"]
            self.oracle.happens("subscription.paused", member["id"], member["who"], **what)

    async def cancel(self):
        if member := self._member("active", "paused"):
            await self.do(cancel_subscription, member["id"], CancelSubscription())
            member["status"] = "canceled"
            what = member["what"]
            self.oracle.happens("subscription.canceled", member["id"], member["who"], **what)

    async def decide(self):
        rules = {key: each for key, each in self.oracle.rules.items() if not each["gone"]}
        if len(rules) < len(TRIGGERS) or self.chance.random() < 0.2:
            await self.make()
            return
        key = self.chance.choice(sorted(rules))
        await self.chance.choice([self.change, self.switch, self.switch, self.remove])(key)

    async def make(self):
        known = {each["trigger"] for each in self.oracle.rules.values() if not each["gone"]}
        trigger = self.chance.choice(
            [each for each in TRIGGERS if each not in known] or [*TRIGGERS]
        )
        asks = some_conditions(self.chance, trigger, self.people)
        # In shadow, so that no tag is added that others are asked for.
        made = await self.rule("x", trigger, shadow=True, **asks)
        self.oracle.rules[made.id] = {"trigger": trigger, "asks": asks, "on": True, "gone": False}

    async def change(self, key):
        asks = some_conditions(self.chance, self.oracle.rules[key]["trigger"], self.people)
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

    def _begin(self, payment_id, what, invoice=None):
        what = dict(what)
        who = what.pop("customer_id", None)
        payment = {"id": payment_id, "who": who, "what": what, "status": "pending"}
        self.payments.append(payment | {"invoice": invoice})
        self._happens("payment.created", self.payments[-1])
        return self.payments[-1]

    def _happens(self, trigger, payment, **more):
        self.oracle.happens(trigger, payment["id"], payment["who"], **(payment["what"] | more))

    def _moves(self, payment, amount):
        self.oracle.moves(payment["who"], payment["what"]["currency"], amount)

    def _renew(self, member):
        """A period begins, with an invoice and its payment."""
        self.oracle.happens("subscription.renewed", member["id"], member["who"], **member["what"])
        issued = self._invoice_of(member)
        origin = {"source": "subscription", "source_id": member["id"], "metadata": {}}
        country = _HOME[member["what"]["currency"]]
        what = member["what"] | origin | {"customer_id": member["who"], "country": country}
        self._begin(issued.payment_id, what, issued.originator_id)

    def _invoice_of(self, member):
        """What the next invoice of theirs, and its payment, are called: nobody knows it before."""
        for stored in self.ledger.read(self.book, after=self.read_upto, limit=9999):
            self.read_upto = stored.position
            if stored.topic == Invoice.Issued.TOPIC:
                fact = FactMapper().decode(stored)
                if fact.subscription_id == member["id"]:
                    return fact
        raise AssertionError("a period begins with an invoice")

    def _one_that_is(self, status):
        found = [each for each in self.payments if each["status"] == status]
        return self.chance.choice(found) if found else None

    def _member(self, *statuses):
        found = [each for each in self.members if each["status"] in statuses]
        return self.chance.choice(found) if found else None

    def _know(self, who, said):
        self.oracle.people[who] = {"tags": set(said["tags"]), "metadata": said["metadata"]}

    def _order(self):
        currency = self.chance.choice(["GHS", "NGN"])
        return {
            "amount": self.chance.randrange(100, 1500),
            "currency": currency,
            "customer_id": self.chance.choice([*self.people, None, None, None]),
            "method": self.chance.choice(["card", "mobile_money"]),
            "country": self.chance.choice(["GH", "NG"]),
            "metadata": {"campaign": self.chance.choice("ab")},
        }

    def _some_tags(self):
        return self.chance.sample(TAGS, self.chance.randrange(3))

    def _some_metadata(self):
        return {"plan": self.chance.choice("ab"), "campaign": self.chance.choice("ab")}
