"""Subscription steps of a simulated shop: begun, billed, changed, paused, resumed, ended.

The billing worker comes at random moments, so it always has missed something; what is billed must
be what the calendar says, whenever it comes. In live mode nobody has paid before the merchant says
so.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from oracle import Bill, Bought, Membership, Person

from commands.invoices import CancelInvoice, cancel_invoice, retry_invoice
from commands.subscriptions import (
    CancelSubscription,
    CreateSubscription,
    PauseSubscription,
    UpdateSubscription,
    cancel_subscription,
    create_subscription,
    pause_subscription,
    resume_subscription,
    update_subscription,
)
from domain.invoice import Invoice
from ledger.facts import FactMapper
from whence.billing_worker import BillingWorker

if TYPE_CHECKING:
    from simulated_shop import SimulatedShop, Step

DELAYS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=24))
LONGEST_MONTH = 31
MONTHS = {"monthly": 1, "yearly": 12}


async def subscribe(shop: "SimulatedShop", each: "Step") -> None:
    values = dict(each.values)
    on_a_31st, person = values.pop("on_a_31st"), shop.person(values.pop("customer"))
    start, trial_days, once = (values.pop(name) for name in ("start", "trial_days", "once"))
    if person is None:
        return
    while on_a_31st and shop.clock.now.day != LONGEST_MONTH:
        shop.clock.now += timedelta(days=1)
    now = shop.clock.now
    plan = f"plan {len(shop.oracle.memberships)}"
    command = CreateSubscription(
        customer_id=person.id,
        plan_id="plan",
        method="momo",
        metadata={"plan_name": plan},
        start_date=None if start is None else (now + timedelta(hours=start)).isoformat(),
        trial_days=trial_days,
        cancel_at_period_end=once,
        **values,
    )
    begins = now + timedelta(hours=start or 0)
    anchor = begins + timedelta(days=trial_days or 0)
    is_sound = begins >= now - timedelta(days=1) and (trial_days is None or anchor > now)
    allowed = not person.deleted and is_sound
    made = await shop.expect(allowed, lambda work: create_subscription(work, command))
    if not allowed:
        return
    member = Membership(
        made.id, person.id, plan, began=now, anchor=anchor, next_at=anchor, **values
    )
    if once:
        member.ends_at = anchor if trial_days else _months_on(member, anchor)
    shop.oracle.memberships.append(member)
    _bill(shop, member)
    _learn(shop)


async def bill(shop: "SimulatedShop", _each: "Step") -> None:
    """The billing worker comes: everything due is billed or tried again, and nothing else."""
    worker = BillingWorker(shop.ledger, shop.handler)
    while await worker.bill_book(shop.book):
        pass
    now = shop.clock.now
    for member in shop.oracle.memberships:
        _bill(shop, member)
        for billed in member.bills:
            if billed.retry_at is not None and billed.retry_at <= now:
                billed.retry_at = None
                billed.retries += 1
                billed.by_policy = True
                billed.status = "pending"
                _try_again(shop, billed.payment)
    _learn(shop)


async def change(shop: "SimulatedShop", each: "Step") -> None:
    if member := _member(shop, each):
        command = UpdateSubscription(**each.values)
        allowed = _is_there(shop, member)
        await shop.expect(allowed, lambda work: update_subscription(work, member.id, command))
        if allowed:
            _bill(shop, member)
            member.amount, member.interval = each.values["amount"], each.values["interval"]
        _learn(shop)


async def pause(shop: "SimulatedShop", each: "Step") -> None:
    if member := _member(shop, each):
        allowed = _is_there(shop, member) and member.status == "active"
        await shop.expect(
            allowed, lambda work: pause_subscription(work, member.id, PauseSubscription())
        )
        if allowed:
            _bill(shop, member)
            member.stop("paused")
        _learn(shop)


async def resume(shop: "SimulatedShop", each: "Step") -> None:
    if member := _member(shop, each):
        allowed = _is_there(shop, member) and member.status == "paused"
        await shop.expect(allowed, lambda work: resume_subscription(work, member.id))
        if allowed:
            member.status = "active"
            if member.next_at <= shop.clock.now:
                member.anchor = member.next_at = shop.clock.now
            _bill(shop, member)
        _learn(shop)


async def end(shop: "SimulatedShop", each: "Step") -> None:
    if member := _member(shop, each):
        allowed = _is_there(shop, member)
        await shop.expect(
            allowed, lambda work: cancel_subscription(work, member.id, CancelSubscription())
        )
        if allowed:
            _bill(shop, member)
            _end(member)
        _learn(shop)


async def let_end(shop: "SimulatedShop", each: "Step") -> None:
    """It ends with the period that is paid."""
    if member := _member(shop, each):
        allowed = _is_there(shop, member)
        command = CancelSubscription(cancel_at_period_end=True)
        await shop.expect(allowed, lambda work: cancel_subscription(work, member.id, command))
        if allowed:
            _bill(shop, member)
            if member.ends_at is None and shop.clock.now < member.next_at:
                member.ends_at = member.next_at
            elif member.ends_at is None:
                _end(member)
        _learn(shop)


async def keep(shop: "SimulatedShop", each: "Step") -> None:
    if member := _member(shop, each):
        allowed = _is_there(shop, member)
        command = UpdateSubscription(cancel_at_period_end=False)
        await shop.expect(allowed, lambda work: update_subscription(work, member.id, command))
        if allowed:
            _bill(shop, member)
            member.ends_at = None
        _learn(shop)


def part_with(shop: "SimulatedShop", person: Person) -> None:
    """Whoever is deleted has no subscription any more, and nobody asks them for what failed."""
    for member in shop.oracle.memberships:
        if member.customer != person.id:
            continue
        if member.is_over(shop.clock.now):
            _end(member, member.ends_at)
        elif member.status != "canceled":
            _end(member)
        for billed in member.bills:
            if billed.status == "failed":
                billed.status, billed.retry_at = "canceled", None


async def ask_again(shop: "SimulatedShop", each: "Step") -> None:
    if billed := _billed(shop, each, "failed"):
        gone = shop.oracle.people[billed.member.customer].deleted
        allowed = billed.status == "failed" and not gone
        await shop.expect(allowed, lambda work: retry_invoice(work, billed.id))
        if allowed:
            _try_again(shop, billed.payment)
            follow(shop, billed.payment)


async def let_off(shop: "SimulatedShop", each: "Step") -> None:
    if billed := _billed(shop, each, "pending"):
        allowed = billed.status in ("pending", "failed")
        await shop.expect(allowed, lambda work: cancel_invoice(work, billed.id, CancelInvoice()))
        if billed.status == "pending":
            billed.payment.turn("canceled", shop.clock.now)
        if allowed:
            billed.status, billed.retry_at = "canceled", None


def may_change(shop: "SimulatedShop", payment: Bought, to: str) -> bool:
    """Nobody is asked again who is gone, or for what is not wanted any more."""
    gone = payment.customer is not None and shop.oracle.people[payment.customer].deleted
    if gone and to == "pending":
        return False
    billed = shop.oracle.bill_of(payment)
    return billed is None or billed.status != "canceled" or to != "pending"


def follow(shop: "SimulatedShop", payment: Bought) -> None:
    """A bill goes the way of its payment; who has failed too often is paused."""
    billed = shop.oracle.bill_of(payment)
    if billed is None:
        return
    billed.retry_at = None
    match payment.status:
        case "succeeded":
            billed.status = "paid"
        case "pending":
            billed.status, billed.by_policy = "pending", False
        case "failed":
            billed.status = "failed"
            member = billed.member
            if billed.retries < len(DELAYS):
                if member.status == "active" and not member.is_over(shop.clock.now):
                    billed.retry_at = shop.clock.now + DELAYS[billed.retries]
            elif billed.by_policy and member.status == "active":
                member.stop("paused")
        case "canceled" | "expired":
            billed.status = "canceled"


def _try_again(shop: "SimulatedShop", payment: Bought) -> None:
    payment.turn("pending", shop.clock.now)


def _is_there(shop: "SimulatedShop", member: Membership) -> bool:
    """Whether it has not ended, nor ends when all is billed that was to be billed until now."""
    twin = replace(member, bills=[])
    while twin.renews_at is not None and twin.renews_at <= shop.clock.now:
        _begin_a_period(twin)
    return twin.status != "canceled" and not twin.is_over(shop.clock.now)


def _bill(shop: "SimulatedShop", member: Membership) -> None:
    """Every period that has begun and has no bill gets one, dated today; then it may be over."""
    while member.renews_at is not None and member.renews_at <= shop.clock.now:
        start = _begin_a_period(member)
        payment = Bought(
            "",
            member.amount,
            member.currency,
            "mobile_money",
            "subscription",
            member.id,
            member.plan,
            created_at=shop.clock.now,
            customer=member.customer,
        )
        shop.oracle.payments.append(payment)
        member.bills.append(Bill(member, payment, len(member.bills) + 1, start, member.next_at))
    if member.is_over(shop.clock.now):
        _end(member, member.ends_at)


def _begin_a_period(member: Membership) -> datetime:
    """Where it begins."""
    start, member.next_at = member.next_at, _months_on(member, member.next_at)
    if member.ends_at is not None:
        member.ends_at = member.next_at
    return start


def _end(member: Membership, at: datetime | None = None) -> None:
    member.stop("canceled")
    member.ends_at, member.ended_at = None, at


def _months_on(member: Membership, boundary: datetime) -> datetime:
    """So many months on, on the day they are counted from or the nearest day before it."""
    months = boundary.year * 12 + boundary.month - 1 + MONTHS[member.interval]
    for day in range(member.anchor.day, 0, -1):
        try:
            return boundary.replace(year=months // 12, month=months % 12 + 1, day=day)
        except ValueError:
            continue
    raise AssertionError("every month has a first")


def _learn(shop: "SimulatedShop") -> None:
    """How the new bills are called; those that were written must be those that were expected."""
    new = {
        (billed.member.id, billed.period): billed
        for billed in shop.oracle.bills
        if not billed.payment.id
    }
    mapper = FactMapper()
    for stored in shop.ledger.read(shop.book, after=shop.read_upto, limit=100_000):
        shop.read_upto = stored.position
        fact = mapper.decode(stored)
        if isinstance(fact, Invoice.Issued):
            billed = new.pop((fact.subscription_id, fact.period))
            billed.id, billed.payment.id = fact.originator_id, fact.payment_id
            billed.number = 1 + max(each.number for each in shop.oracle.bills)
            told = (fact.period_start, fact.period_end, fact.amount, fact.currency)
            payment = billed.payment
            assert told == (billed.start, billed.end, payment.amount, payment.currency)
    assert new == {}


def _member(shop: "SimulatedShop", each: "Step") -> Membership | None:
    members = shop.oracle.memberships
    return members[-1 - each.which % len(members)] if members else None


def _billed(shop: "SimulatedShop", each: "Step", suited: str) -> Bill | None:
    bills = shop.oracle.bills
    if each.which:
        bills = [billed for billed in bills if billed.status == suited] or bills
    return bills[-1 - each.which % len(bills)] if bills else None
