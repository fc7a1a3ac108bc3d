"""Oracle: every figure recomputed from plain lists; slow, obvious, and written once.

Nothing here knows of facts, ledgers or views. What the service answers must equal what this says.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

SOURCES = ("api", "payment_link", "subscription")


@dataclass
class Money:
    """Money given back: a refund, or a dispute that was lost."""

    id: str
    amount: int
    at: datetime


@dataclass
class Bought:
    """One payment, as a shopkeeper would note it on a card."""

    id: str
    amount: int
    currency: str
    method: str
    source: str
    source_id: str | None
    source_description: str | None
    created_at: datetime
    customer: str | None = None
    # The address of whoever began it on a page; whose that is counts once it is paid.
    said: str | None = None
    manual: bool = False
    status: str = "pending"
    collected: int = 0
    set_aside_at: datetime | None = None
    paid_at: datetime | None = None
    refunds: list[Money] = field(default_factory=list)
    losses: list[Money] = field(default_factory=list)
    dispute: tuple[datetime, int, str] | None = None
    # How its provider called the money, the last time it said that it took it.
    reference: str | None = None
    # What was set aside was taken in part, and the rest was let go when it was canceled.
    rest_let_go: bool = False
    # What is needed to look back: when it became whose and what, in the order it was noted.
    is_created: bool = True
    attached_at: datetime | None = None
    used_at: datetime | None = None
    became: list[tuple[datetime, str]] = field(default_factory=list)

    def turn(self, status: str, at: datetime) -> None:
        self.status = status
        self.became.append((at, status))

    def pay(self, amount: int, at: datetime) -> None:
        self.collected, self.paid_at = amount, at
        self.turn("succeeded", at)

    @property
    def failures(self) -> list[tuple[datetime, int]]:
        """When it came to be failed, and when it was no longer: not before it came to be."""
        found, failed_at = list[tuple[datetime, int]](), None
        for at, status in self.became:
            if failed_at is not None:
                found.append((max(failed_at, at), -1))
            failed_at = at if status == "failed" else None
            if failed_at is not None:
                found.append((failed_at, 1))
        return found

    @property
    def left(self) -> int:
        return self.collected - sum(m.amount for m in [*self.refunds, *self.losses])


@dataclass
class Person:
    id: str
    created_at: datetime
    external_id: str | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    deleted: bool = False
    email: str | None = None
    deleted_at: datetime | None = None
    names: list[tuple[datetime, str | None]] = field(default_factory=list)


@dataclass
class Offer:
    """A payment link: its terms, and what was told of it."""

    id: str
    name: str
    currency: str
    amount: int
    max_uses: int | None
    active: bool = True
    deleted: bool = False
    views: int = 0
    created_at: datetime | None = None
    deleted_at: datetime | None = None
    looks: list[datetime] = field(default_factory=list)
    terms: list[tuple[datetime, str, bool, int | None]] = field(default_factory=list)


@dataclass
class Membership:
    """A subscription; `next_at` is when its period, or its trial, ends and the next one begins."""

    id: str
    customer: str
    plan: str
    began: datetime
    amount: int
    currency: str
    interval: str
    # Where its months are counted from.
    anchor: datetime
    next_at: datetime
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    status: str = "active"
    bills: list["Bill"] = field(default_factory=list)
    # To look back: when it became what, costing how much, and when it was to go on, or to end.
    became: list[tuple[datetime, str, int, datetime, datetime | None]] = field(default_factory=list)

    @property
    def renews_at(self) -> datetime | None:
        """When money is asked for next, if it is."""
        goes_on = self.ends_at is None or self.next_at < self.ends_at
        return self.next_at if self.status == "active" and goes_on else None

    def is_over(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now and self.renews_at is None

    def stop(self, status: str) -> None:
        """Nothing is tried again by itself."""
        self.status = status
        for billed in self.bills:
            billed.retry_at = None


@dataclass
class Bill:
    """One period of a membership; `retry_at` is when its payment is tried again by itself."""

    member: Membership
    payment: Bought
    period: int
    start: datetime
    end: datetime
    id: str = ""
    # Its place among all bills of the book, in the order they were written.
    number: int = 0
    status: str = "pending"
    retries: int = 0
    retry_at: datetime | None = None
    by_policy: bool = True
    # To look back: when it became what, tried how often, and when it was to be tried again.
    became: list[tuple[datetime, str, int, datetime | None]] = field(default_factory=list)


class Oracle:
    """The book of one organization in one mode."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.payments: list[Bought] = []
        self.offers: list[Offer] = []
        # What providers call payments and refunds stands for one of each.
        self.references: dict[str, Bought] = {}
        self.refunds: dict[str, tuple[Bought, Money]] = {}
        self.memberships: list[Membership] = []

    @property
    def bills(self) -> list[Bill]:
        return [billed for member in self.memberships for billed in member.bills]

    def bill_of(self, payment: Bought) -> Bill | None:
        return next((billed for billed in self.bills if billed.payment is payment), None)

    def note(self, now: datetime) -> None:
        """What has become of memberships and bills by the end of a step."""
        for member in self.memberships:
            stands = (member.status, member.amount, member.next_at, member.ends_at)
            if not member.became or member.became[-1][1:] != stands:
                # It ended when its last period did, whoever noticed that when.
                member.became.append((member.ended_at or now, *stands))
            for billed in member.bills:
                tried = (billed.status, billed.retries, billed.retry_at)
                if not billed.became or billed.became[-1][1:] != tried:
                    # A merchant may say later when it was paid; everything else is so from now on.
                    paid_at = billed.payment.paid_at if billed.status == "paid" else None
                    billed.became.append((paid_at or now, *tried))

    def subscribed(self, customer: str) -> dict[str, int]:
        """How many subscriptions of each status somebody has."""
        mine = [member.status for member in self.memberships if member.customer == customer]
        return {status: mine.count(status) for status in ("active", "paused", "canceled")}

    def subscription_status(self, customer: str) -> str:
        """The best one has, in this order."""
        counts = self.subscribed(customer)
        return next((status for status, number in counts.items() if number), "none")

    def uses(self, offer: Offer) -> int:
        return sum(p.source_id == offer.id and p.used_at is not None for p in self.payments)

    def status(self, offer: Offer) -> str:
        if offer.deleted:
            return "deleted"
        if not offer.active:
            return "inactive"
        used_up = offer.max_uses is not None and self.uses(offer) >= offer.max_uses
        return "exhausted" if used_up else "active"

    def converted(self, offer: Offer) -> tuple[int, int, int]:
        """Whom a link converted, all they have paid in its currency, and without the first time."""
        # Whoever has paid, though an import dates the payment before they were registered.
        buyers = sorted({p.customer for p in self.payments if p.customer is not None})
        firsts = [(each, self.acquisition(each)) for each in buyers]
        won = [(each, first) for each, first in firsts if first and first.source_id == offer.id]
        revenue = sum(
            p.collected
            for each, _ in won
            for p in self.payments_of(each)
            if p.paid_at and p.currency == offer.currency
        )
        return len(won), revenue, revenue - sum(first.collected for _, first in won)

    def link_stats(self, offer: Offer) -> dict[str, int | Fraction]:
        """What a link brought; it is paid in one currency."""
        mine = [p for p in self.payments if p.source_id == offer.id]
        paid = sum(p.paid_at is not None for p in mine)
        return {
            "views": offer.views,
            "payments": sum(p.is_created for p in mine),
            "successful_payments": paid,
            "revenue": sum(p.collected for p in mine if p.paid_at),
            "refunded_amount": sum(m.amount for p in mine for m in p.refunds),
            "disputed_amount": sum(m.amount for p in mine for m in p.losses),
            "conversion_rate": Fraction(paid, offer.views) if offer.views else Fraction(0),
        }

    def payments_of(self, customer: str) -> list[Bought]:
        return [p for p in self.payments if p.customer == customer]

    def totals(self, customer: str | None, currency: str) -> dict[str, int | datetime | None]:
        mine = [
            p
            for p in self.payments
            if p.currency == currency and (customer is None or p.customer == customer)
        ]
        paid = [p for p in mine if p.paid_at]
        spent = sum(p.collected for p in paid)
        refunds = [m for p in mine for m in p.refunds]
        lost = sum(m.amount for p in mine for m in p.losses)
        refunded = sum(m.amount for m in refunds)
        return {
            "total_spent": spent,
            "refund_amount": refunded,
            "total_refunds": len(refunds),
            "disputed_amount": lost,
            "lifetime_value": spent - refunded - lost,
            "payment_count": sum(p.is_created for p in mine),
            "successful_payments": len(paid),
            "failed_payments": sum(change for p in mine for _, change in p.failures),
            # Python rounds fractions half to even, exactly.
            "avg_payment_amount": round(Fraction(spent, len(paid))) if paid else 0,
            "first_payment_at": min((p.paid_at for p in paid), default=None),
            "last_payment_at": max((p.paid_at for p in paid), default=None),
        }

    def counts(self, customer: str) -> dict[str, int]:
        """Counts may be added over currencies; amounts may not."""
        mine = self.payments_of(customer)
        return {
            "payment_count": sum(p.is_created for p in mine),
            "successful_payments": sum(p.paid_at is not None for p in mine),
            "failed_payments": sum(change for p in mine for _, change in p.failures),
            "total_refunds": sum(len(p.refunds) for p in mine),
        }

    def currencies(self, customer: str | None = None) -> set[str]:
        return {
            p.currency
            for p in self.payments
            if (customer is None or p.customer == customer)
            and (p.is_created or p.paid_at or p.failures or p.refunds or p.losses)
        }

    def preferred(self, customer: str | None, what: str) -> str | None:
        """The currency or method with most successful payments; ties: the latest."""
        count: dict[str, int] = defaultdict(int)
        last: dict[str, datetime] = {}
        for p in self.payments:
            if p.paid_at and (customer is None or p.customer == customer):
                value = getattr(p, what)
                count[value] += 1
                last[value] = max(last.get(value, p.paid_at), p.paid_at)
        return max(count, key=lambda value: (count[value], last[value]), default=None)

    def acquisition(self, customer: str) -> Bought | None:
        paid = [p for p in self.payments_of(customer) if p.paid_at]
        return min(paid, key=lambda p: p.paid_at, default=None)

    def ranking(
        self,
        currency: str,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> list[tuple[str, int, int]]:
        """(customer, total_spent, successful_payments) by the definitions' total order."""
        rows = []
        for person in self.people.values():
            paid = [
                p
                for p in self.payments_of(person.id)
                if p.paid_at and p.currency == currency and _within(p.paid_at, start, end)
            ]
            if paid and not person.deleted:
                first = min(p.paid_at for p in paid)
                spent = sum(p.collected for p in paid)
                rows.append((-spent, -len(paid), first, person.id))
        return [(customer, -spent, -count) for spent, count, _, customer in sorted(rows)]

    def by_source(
        self,
        currency: str,
        customer: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> dict[str, tuple[int, int, int, Fraction, Fraction]]:
        """source -> (count, amount, refunded, share of the count, share of the amount)."""
        asked = [
            p
            for p in self.payments
            if p.currency == currency and (customer is None or p.customer == customer)
        ]
        paid = [p for p in asked if p.paid_at and _within(p.paid_at, start, end)]
        amount = sum(p.collected for p in paid)
        result = {}
        for source in SOURCES:
            here = [p for p in paid if p.source == source]
            collected = sum(p.collected for p in here)
            result[source] = (
                len(here),
                collected,
                sum(
                    move.amount
                    for p in asked
                    if p.source == source
                    for move in p.refunds
                    if _within(move.at, start, end)
                ),
                Fraction(len(here), len(paid)) if paid else Fraction(0),
                Fraction(collected, amount) if amount else Fraction(0),
            )
        return result

    def by_source_id(self, currency: str) -> dict[tuple[str, str | None], dict[str, int]]:
        result: dict[tuple[str, str | None], dict[str, int]] = {}
        for p in self.payments:
            if p.paid_at and p.currency == currency:
                row = result.setdefault(
                    (p.source, p.source_id), {"count": 0, "amount": 0, "refunded": 0}
                )
                row["count"] += 1
                row["amount"] += p.collected
                row["refunded"] += sum(m.amount for m in p.refunds)
        return result

    def days(self, now: datetime, tz: str, number: int) -> tuple[datetime, datetime]:
        """From midnight so many local days ago to the midnight that comes."""
        today = now.astimezone(ZoneInfo(tz)).date()
        first, last = today - timedelta(days=number - 1), today + timedelta(days=1)
        return (
            datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(tz)),
            datetime(last.year, last.month, last.day, tzinfo=ZoneInfo(tz)),
        )

    def new_and_returning(
        self, currency: str, start: datetime, end: datetime
    ) -> dict[str, tuple[int, int]]:
        """Of what succeeded in a range: how many payments were somebody's first, and so on."""
        found = {"new": (0, 0), "returning": (0, 0), "guest": (0, 0)}
        for p in self.payments:
            if p.paid_at and p.currency == currency and _within(p.paid_at, start, end):
                kind = "guest"
                if p.customer is not None:
                    kind = "new" if self.acquisition(p.customer) is p else "returning"
                count, amount = found[kind]
                found[kind] = (count + 1, amount + p.collected)
        return found

    def revenue_by_day(
        self, currency: str, tz: str, first: datetime, days: int, source: str | None = None
    ) -> list[dict[str, int]]:
        """One bucket per local calendar day: what came in, went back, and was lost that day."""
        zone = ZoneInfo(tz)
        start = first.astimezone(zone).date()
        buckets = [{"succeeded": 0, "amount": 0, "refunded": 0, "disputed": 0} for _ in range(days)]

        def bucket(at: datetime) -> dict[str, int] | None:
            day = (at.astimezone(zone).date() - start).days
            return buckets[day] if 0 <= day < days else None

        asked = [p for p in self.payments if p.currency == currency and source in (None, p.source)]
        for p in asked:
            if p.paid_at and (here := bucket(p.paid_at)) is not None:
                here["succeeded"] += 1
                here["amount"] += p.collected
            for kind, moves in (("refunded", p.refunds), ("disputed", p.losses)):
                for move in moves:
                    if (here := bucket(move.at)) is not None:
                        here[kind] += move.amount
        return buckets


def _within(at: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or start <= at) and (end is None or at < end)
