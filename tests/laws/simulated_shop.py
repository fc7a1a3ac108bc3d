"""Simulated shop: random customer and payment steps, each done and noted for the oracle.

The shop is in live mode, where the merchant's word is what happens, so a step can say everything.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import link_steps
import subscription_steps
from hypothesis import strategies as st
from oracle import Bought, Money, Oracle, Person

from commands.customers import (
    CreateCustomer,
    UpdateCustomer,
    create_customer,
    delete_customer,
    update_customer,
)
from commands.handling.handler import CommandHandler
from commands.handling.unit_of_work import UnitOfWork
from commands.payments import (
    AmendPayment,
    CancelPayment,
    CapturePayment,
    ConfirmPayment,
    CreatePayment,
    FailPayment,
    amend_payment,
    cancel_payment,
    capture_payment,
    confirm_payment,
    create_payment,
    expire_payment,
    fail_payment,
    retry_payment,
)
from commands.refunds import (
    OpenDispute,
    RefundPayment,
    ResolveDispute,
    open_dispute,
    refund_payment,
    resolve_dispute,
)
from domain.errors import Refusal
from ledger.ledger import Ledger

CURRENCIES = ("GHS", "NGN", "JPY")
METHODS = ("card", "mobile_money")
ORIGINS = (
    ("api", None, None),
    ("payment_link", "pl_summer", "Summer Sale"),
    ("payment_link", "pl_winter", "Winter Sale"),
    ("subscription", "sub_1", "Premium"),
)
EMAILS = ("ada@example.com", "grace@example.com")
OPEN = ("pending", "requires_action", "processing")
SET_ASIDE = ("authorized", "partially_captured")
COLLECTED = ("succeeded", "partially_refunded")
DISPUTABLE = (*COLLECTED, "refunded")
CONFIRMED = (*SET_ASIDE, *DISPUTABLE, "disputed")
GIVEN_UP = ("canceled", "expired", "failed")

amounts = st.integers(1, 100_000)
# Hours from one step to the next, and hours an import lies in the past: days, months, a year.
hours = st.integers(0, 7).flatmap(
    lambda chance: st.integers(0, 9000) if chance == 0 else st.integers(0, 30)
)
which = st.integers(0, 7)
# How a provider calls what it did; now and then the same again.
references = st.integers(0, 60).map(str)


@dataclass(frozen=True)
class Step:
    """What is done: `what`, to the payment or customer number `which`, with its values."""

    what: str
    after_hours: int = 0
    which: int = 0
    values: dict[str, Any] = field(default_factory=dict)


def step(what: str, **values: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.builds(Step, st.just(what), hours, which, st.fixed_dictionaries(values))


past = st.none() | hours
intervals = st.sampled_from(["monthly", "monthly", "monthly", "yearly"])
part = st.none() | st.integers(1, 120)
kinds = {
    "register": step("register", tag=st.sampled_from(["vip", "new", "Ünicode"])),
    "rename": step("rename", name=st.sampled_from(["Ama", "Kofi", None])),
    "delete": step("delete"),
    "pay": step(
        "pay",
        amount=amounts,
        currency=st.sampled_from(CURRENCIES),
        method=st.sampled_from(METHODS),
        origin=st.sampled_from(ORIGINS),
        customer=st.none() | which,
        manual=st.sampled_from([False, False, False, True]),
        past=past,
    ),
    "confirm": step(
        "confirm",
        past=past,
        amount=st.none() | st.none() | amounts,
        reference=st.none() | st.none() | references,
    ),
    "confirm_late": step(
        "confirm_late", past=past, amount=st.none() | amounts, reference=references | st.none()
    ),
    "fail": step("fail", past=past),
    "retry": step("retry"),
    "cancel": step("cancel"),
    "expire": step("expire"),
    "capture": step("capture", part=part, final=st.booleans(), past=past),
    "refund": step("refund", part=part, past=past, name=st.none() | st.none() | references),
    "dispute": step("dispute", part=part, past=past),
    "resolve": step("resolve", outcome=st.sampled_from(["won", "lost"]), past=past),
    "attach": step("attach", customer=which),
    "set_out": step(
        "set_out",
        amount=amounts,
        currency=st.sampled_from(CURRENCIES),
        max_uses=st.none() | st.integers(1, 3),
    ),
    "look": step("look"),
    "pay_by_link": step("pay_by_link", email=st.sampled_from(EMAILS)),
    "change_link": step(
        "change_link",
        name=st.sampled_from(["Sale", "Ünicode"]),
        active=st.sampled_from([True, True, True, False]),
        max_uses=st.none() | st.integers(1, 3),
    ),
    "take_down": step("take_down"),
    "subscribe": step(
        "subscribe",
        customer=which,
        amount=amounts,
        currency=st.sampled_from(CURRENCIES),
        interval=intervals,
        on_a_31st=st.booleans(),
        # Hours from now, of which a day in the past is too much.
        start=st.none() | st.none() | st.integers(-30, 1500),
        trial_days=st.none() | st.none() | st.integers(1, 60),
        once=st.sampled_from([False, False, False, True]),
    ),
    "bill": step("bill"),
    "change_plan": step("change_plan", amount=amounts, interval=intervals),
    "pause": step("pause"),
    "resume": step("resume"),
    "end": step("end"),
    "let_end": step("let_end"),
    "keep": step("keep"),
    "ask_again": step("ask_again"),
    "let_off": step("let_off"),
}
# How often each happens: most days somebody pays.
often = {"pay": 12, "confirm": 12, "refund": 5, "attach": 4, "register": 3, "capture": 3}
often |= {"subscribe": 6, "bill": 10, "resume": 2, "ask_again": 2}
often |= {"set_out": 2, "look": 2, "pay_by_link": 6}
often |= {"confirm_late": 4, "fail": 3, "retry": 3, "dispute": 4, "resolve": 4}
steps = st.lists(
    st.sampled_from([kind for kind in kinds for _ in range(often.get(kind, 1))]).flatmap(
        kinds.__getitem__
    ),
    min_size=20,
    max_size=60,
)


class SimulatedShop:
    """Does each step through the commands, and tells the oracle what came of it."""

    def __init__(
        self, handler: CommandHandler, ledger: Ledger, book: str, clock: "ManualClock"
    ) -> None:
        self.handler = handler
        self.ledger = ledger
        self.read_upto = 0
        self.book = book
        self.clock = clock
        self.oracle = Oracle()

    async def live_through(self, days: list[Step]) -> None:
        for each in days:
            self.clock.now += timedelta(hours=each.after_hours, seconds=1)
            await getattr(self, each.what)(each)
            self.oracle.note(self.clock.now)

    async def register(self, each: Step) -> None:
        command = CreateCustomer(tags=[each.values["tag"]])
        made = await self.do(lambda work: create_customer(work, command))
        self.oracle.people[made.id] = Person(made.id, self.clock.now, tags=(each.values["tag"],))

    async def rename(self, each: Step) -> None:
        if person := self.person(each.which):
            command = UpdateCustomer(name=each.values["name"])
            await self.expect(
                not person.deleted, lambda work: update_customer(work, person.id, command)
            )
            if not person.deleted:
                person.name = each.values["name"]
                person.names.append((self.clock.now, person.name))

    async def delete(self, each: Step) -> None:
        if person := self.person(each.which):
            await self.expect(not person.deleted, lambda work: delete_customer(work, person.id))
            person.deleted = True
            person.deleted_at = person.deleted_at or self.clock.now
            subscription_steps.part_with(self, person)

    async def pay(self, each: Step) -> None:
        values = each.values
        person = None if values["customer"] is None else self.person(values["customer"])
        source, source_id, description = values["origin"]
        happened = self._past(each)
        command = CreatePayment(
            amount=values["amount"],
            currency=values["currency"],
            method=values["method"],
            source=source,
            source_id=source_id,
            source_description=description,
            customer_id=person.id if person else None,
            capture_method="manual" if values["manual"] else "automatic",
            occurred_at=happened,
        )
        allowed = person is None or not person.deleted
        made = await self.expect(allowed, lambda work: create_payment(work, command))
        if allowed:
            self.oracle.payments.append(
                Bought(
                    made.id,
                    values["amount"],
                    values["currency"],
                    values["method"],
                    source,
                    source_id,
                    description,
                    created_at=happened or self.clock.now,
                    customer=person.id if person else None,
                    manual=values["manual"],
                )
            )

    async def confirm(self, each: Step) -> None:
        await self._confirm(each, OPEN)

    async def confirm_late(self, each: Step) -> None:
        await self._confirm(each, GIVEN_UP)

    async def _confirm(self, each: Step, suited: tuple[str, ...]) -> None:
        if not (card := self._card(each, suited)):
            return
        happened, in_order = self._dated(each, card.created_at)
        amount, reference = each.values["amount"], each.values["reference"]
        command = ConfirmPayment(amount=amount, provider_ref_id=reference, occurred_at=happened)
        allowed = self._may_confirm(card, amount, reference)
        is_news = card.status in (*OPEN, *GIVEN_UP)
        if is_news:
            allowed = allowed and in_order
        await self.expect(allowed, lambda work: confirm_payment(work, card.id, command))
        if allowed and reference is not None:
            self.oracle.references[reference] = card
        if not allowed or not is_news:
            return
        card.reference = reference or card.reference
        at = happened or self.clock.now
        if card.manual and card.status in OPEN:
            card.set_aside_at = at
            card.turn("authorized", at)
        else:
            card.collected = amount or card.amount
            await self._paid(card, at)
        subscription_steps.follow(self, card)

    def _may_confirm(self, card: Bought, amount: int | None, reference: str | None) -> bool:
        """Nothing is said twice with another amount, or of two payments by one reference."""
        if self.oracle.references.get(reference or "", card) is not card:
            return False
        is_known = reference is not None and reference == card.reference
        if card.status in ("authorized", "succeeded") or (is_known and card.status in CONFIRMED):
            return amount in (None, card.collected, card.amount if card.set_aside_at else None)
        if card.status in GIVEN_UP:
            was_let_go = is_known and card.set_aside_at is not None and amount is None
            return reference is not None and not was_let_go
        return card.status in OPEN and (not card.manual or amount in (None, card.amount))

    async def capture(self, each: Step) -> None:
        if not (card := self._card(each, SET_ASIDE)):
            return
        left = card.amount - card.collected
        part = each.values["part"]
        amount = None if part is None else max(1, card.amount * part // 100)
        happened, in_order = self._dated(each, card.set_aside_at)
        command = CapturePayment(amount=amount, final=each.values["final"], occurred_at=happened)
        allowed = card.status in SET_ASIDE and (amount or left) <= left and in_order
        await self.expect(allowed, lambda work: capture_payment(work, card.id, command))
        if allowed:
            card.collected += amount or left
            if each.values["final"] or card.collected == card.amount:
                await self._paid(card, happened or self.clock.now)
            else:
                card.turn("partially_captured", happened or self.clock.now)

    async def fail(self, each: Step) -> None:
        if not (card := self._card(each, OPEN)):
            return
        happened, in_order = self._dated(each, card.created_at)
        command = FailPayment(occurred_at=happened)
        allowed = card.status in OPEN and in_order
        await self.expect(allowed, lambda work: fail_payment(work, card.id, command))
        if allowed:
            card.turn("failed", happened or self.clock.now)
            subscription_steps.follow(self, card)

    async def retry(self, each: Step) -> None:
        await self._change(each, ("failed",), "pending", retry_payment)

    async def cancel(self, each: Step) -> None:
        statuses = ("pending", "requires_action", "authorized", "partially_captured", "canceled")
        if not (card := self._card(each, statuses)):
            return
        command = CancelPayment()
        allowed = card.status in statuses
        await self.expect(allowed, lambda work: cancel_payment(work, card.id, command))
        if card.status == "partially_captured":
            card.rest_let_go = True
            await self._paid(card, self.clock.now)
        elif allowed and card.status != "canceled":
            card.turn("canceled", self.clock.now)
            subscription_steps.follow(self, card)

    async def expire(self, each: Step) -> None:
        await self._change(each, OPEN, "expired", expire_payment)

    async def refund(self, each: Step) -> None:
        if not (card := self._card(each, COLLECTED)):
            return
        (happened, in_order), amount = self._dated(each, card.paid_at), self._part(card, each)
        name = each.values["name"]
        command = RefundPayment(amount=amount, provider_refund_id=name, occurred_at=happened)
        allowed = card.status in COLLECTED and (amount or card.left) <= card.left and in_order
        if known := self.oracle.refunds.get(name):
            allowed = known[0] is card and amount in (None, known[1].amount)
        made = await self.expect(allowed, lambda work: refund_payment(work, card.id, command))
        if not allowed:
            return
        _, refund_id = made
        if known:
            assert refund_id == known[1].id
            return
        at = happened or self.clock.now
        card.refunds.append(Money(refund_id, amount or card.left, at))
        card.turn("partially_refunded" if card.left else "refunded", at)
        if name is not None:
            self.oracle.refunds[name] = (card, card.refunds[-1])

    async def dispute(self, each: Step) -> None:
        if not (card := self._card(each, DISPUTABLE)):
            return
        (happened, in_order), amount = self._dated(each, card.paid_at), self._part(card, each)
        command = OpenDispute(amount=amount, occurred_at=happened)
        not_lost = card.collected - sum(loss.amount for loss in card.losses)
        # The bank may take what was refunded, too; but nothing twice.
        taken = amount or (card.left if card.left > 0 else not_lost)
        allowed = card.status in DISPUTABLE and 0 < taken <= not_lost and in_order
        await self.expect(allowed, lambda work: open_dispute(work, card.id, command))
        if allowed:
            at = happened or self.clock.now
            card.dispute = (at, taken, card.status)
            card.turn("disputed", at)

    async def resolve(self, each: Step) -> None:
        if not (card := self._card(each, ("disputed",))):
            return
        happened, in_order = self._dated(each, card.dispute and card.dispute[0])
        command = ResolveDispute(outcome=each.values["outcome"], occurred_at=happened)
        allowed = card.dispute is not None and in_order
        await self.expect(allowed, lambda work: resolve_dispute(work, card.id, command))
        if allowed and card.dispute is not None:
            _, amount, before = card.dispute
            card.dispute = None
            at = happened or self.clock.now
            if each.values["outcome"] == "lost":
                card.losses.append(Money("", amount, at))
                before = "partially_refunded" if card.left > 0 else "refunded"
            card.turn(before, at)

    async def attach(self, each: Step) -> None:
        card, person = self._unclaimed(each), self.person(each.values["customer"])
        if not card or not person:
            return
        command = AmendPayment(customer_id=person.id)
        allowed = not person.deleted and card.customer in (None, person.id)
        await self.expect(allowed, lambda work: amend_payment(work, card.id, command))
        if allowed and card.customer is None:
            card.customer, card.attached_at = person.id, self.clock.now

    async def set_out(self, each: Step) -> None:
        await link_steps.set_out(self, each)

    async def look(self, each: Step) -> None:
        await link_steps.look(self, each)

    async def pay_by_link(self, each: Step) -> None:
        await link_steps.pay(self, each)

    async def change_link(self, each: Step) -> None:
        await link_steps.change(self, each)

    async def take_down(self, each: Step) -> None:
        await link_steps.take_down(self, each)

    async def subscribe(self, each: Step) -> None:
        await subscription_steps.subscribe(self, each)

    async def bill(self, each: Step) -> None:
        await subscription_steps.bill(self, each)

    async def change_plan(self, each: Step) -> None:
        await subscription_steps.change(self, each)

    async def pause(self, each: Step) -> None:
        await subscription_steps.pause(self, each)

    async def resume(self, each: Step) -> None:
        await subscription_steps.resume(self, each)

    async def end(self, each: Step) -> None:
        await subscription_steps.end(self, each)

    async def let_end(self, each: Step) -> None:
        await subscription_steps.let_end(self, each)

    async def keep(self, each: Step) -> None:
        await subscription_steps.keep(self, each)

    async def ask_again(self, each: Step) -> None:
        await subscription_steps.ask_again(self, each)

    async def let_off(self, each: Step) -> None:
        await subscription_steps.let_off(self, each)

    async def _change(
        self,
        each: Step,
        allowed_from: tuple[str, ...],
        to: str,
        act: Callable[[UnitOfWork, str], Awaitable[Any]],
    ) -> Bought | None:
        """The payment that was changed; None when there was none, or it may not be."""
        if not (card := self._card(each, allowed_from)):
            return None
        allowed = card.status in allowed_from and subscription_steps.may_change(self, card, to)
        await self.expect(allowed, lambda work: act(work, card.id))
        if not allowed:
            return None
        card.turn(to, self.clock.now)
        subscription_steps.follow(self, card)
        return card

    async def _paid(self, card: Bought, at: datetime) -> None:
        card.pay(card.collected, at)
        card.used_at = self.clock.now
        await link_steps.believe(self, card)

    async def do(self, decide: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
        return await self.handler.perform(self.book, decide)

    async def expect(
        self,
        allowed: bool,  # noqa: FBT001 (read aloud: expect it is allowed)
        decide: Callable[[UnitOfWork], Awaitable[Any]],
    ) -> Any:
        try:
            done = await self.do(decide)
        except Refusal:
            assert not allowed
            return None
        assert allowed
        return done

    def _card(self, each: Step, suited: tuple[str, ...]) -> Bought | None:
        """One of the payments the step suits; every eighth time just any, which may be refused."""
        cards = self.oracle.payments
        if each.which:
            cards = [card for card in cards if card.status in suited] or cards
        return cards[-1 - each.which % len(cards)] if cards else None

    def _unclaimed(self, each: Step) -> Bought | None:
        cards = self.oracle.payments
        if each.which:
            cards = [card for card in cards if card.customer is None] or cards
            # Those with a past last, where most are chosen from: it has to come along.
            cards = sorted(cards, key=lambda card: (bool(card.losses), bool(card.refunds)))
        return cards[-1 - each.which // 2 % len(cards)] if cards else None

    def person(self, number: int) -> Person | None:
        people = list(self.oracle.people.values())
        return people[number % len(people)] if people else None

    def _part(self, card: Bought, each: Step) -> int | None:
        part = each.values["part"]
        return None if part is None else max(1, card.amount * part // 100)

    def _dated(self, each: Step, since: datetime | None) -> tuple[datetime | None, bool]:
        """When the step says it happened, and whether that is not before what it is about.

        Mostly it is not: every eighth time whatever chance says.
        """
        happened = self._past(each)
        if happened is None or since is None:
            return happened, True
        if each.which:
            happened = max(happened, since)
        return happened, happened >= since

    def _past(self, each: Step) -> datetime | None:
        ago = each.values["past"]
        return None if ago is None else self.clock.now - timedelta(hours=ago)


class ManualClock:
    """A clock that only a test winds."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now
