"""Demo year: every customer, payment and subscription of the demo merchant.

The moment of an act is the one at which it is recorded; some payments are heard of late.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from domain.customer import Customer
from domain.fact import Entity
from domain.payment import Payment
from whence.demo.acts import Act, Asked, Looked
from whence.demo.campaigns import Campaign, Campaigns
from whence.demo.memberships import Membership
from whence.demo.people import Person, people

_SECOND = timedelta(seconds=1)
_YEAR = timedelta(days=365)
_MONTH = timedelta(days=30)

_FAILURES = (
    ("insufficient_funds", "the account has not enough money"),
    ("card_declined", "the bank declined the card"),
    ("provider_unavailable", "the provider did not answer"),
)


class Year:
    """The year of history that ends at a moment; the same seed and moment give the same year."""

    def __init__(self, *, seed: int, until: datetime, customers: int, payments: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 (a made-up story, not a secret)
        self._until = until
        self._customers = customers
        self._payments = payments
        self._new_id = _IdMaker(self._chance)
        self._campaigns = Campaigns(lambda names, weights: self._chance.choices(names, weights)[0])

    @property
    def begins_at(self) -> datetime:
        """Nothing happened before."""
        return self._until - _YEAR - _MONTH

    def acts(self) -> list[Act | Asked | Looked]:
        """Everything that happened, in order of time."""
        acts = list(self._everything())
        acts.sort(key=lambda act: act.at)
        return acts

    def _everything(self) -> Iterator[Act | Asked | Looked]:
        for campaign in self._campaigns:
            yield Asked(self.begins_at, campaign.begin)
        buyers = list(people(self._customers, self._chance))
        eagerness = [buyer.eagerness for buyer in buyers]
        bought: dict[int, list[datetime]] = {buyer.number: [] for buyer in buyers}
        for buyer in self._chance.choices(buyers, eagerness, k=self._payments):
            bought[buyer.number].append(self._moment())
        for buyer in buyers:
            moments = sorted(bought[buyer.number])
            registered_at = (moments[0] if moments else self._moment()) - 90 * _SECOND
            customer_id = self._new_id("cus", registered_at)
            yield _registration(buyer, customer_id, registered_at)
            yield from self._purchases(buyer, customer_id, moments)

    def _purchases(
        self, buyer: Person, customer_id: str, moments: list[datetime]
    ) -> Iterator[Act | Asked | Looked]:
        # One in three of those who come back often subscribes: a month's box is one purchase less.
        subscribes = len(moments) > 3 and self._chance.random() < 1 / 3  # noqa: PLR2004 (they came back)
        if subscribes:
            yield from self._membership(buyer, customer_id, moments)
        boxed_at = self.begins_at
        for at in moments:
            if subscribes and at - boxed_at >= _MONTH:
                boxed_at = at
                continue
            campaign = self._campaign(buyer)
            # One in twenty pays as a guest; the reseller never does.
            guest = self._chance.random() < 1 / 20 and buyer.number > 1
            payer = None if guest else customer_id
            yield from self._payment(buyer, payer, campaign, at)

    def _membership(
        self, buyer: Person, customer_id: str, moments: list[datetime]
    ) -> Iterator[Asked]:
        member = Membership(
            customer_id,
            buyer.country,
            amount=buyer.country.usual_amount // 2,
            method=self._chance.choice(("card", "momo", "momo")),
        )
        yield Asked(moments[0], member.begin)
        leaves_at = moments[-1] + self._chance.randint(1, 20) * timedelta(days=1)
        if self._chance.random() < 1 / 4 and leaves_at <= self._until:
            yield Asked(leaves_at, member.end)

    def _payment(
        self, buyer: Person, customer_id: str | None, campaign: Campaign | None, at: datetime
    ) -> Iterator[Act | Asked | Looked]:
        payment_id = self._new_id("pay", at)
        country = buyer.country
        amount = round(country.usual_amount * self._chance.lognormvariate(0, 0.8) / 50) * 50 or 50
        provider = self._chance.choice(country.providers)
        method = self._chance.choice(("card", "mobile_money", "mobile_money"))

        def create(_nothing: Entity | None) -> Entity:
            return Payment.create(
                payment_id,
                amount=amount,
                currency=country.currency,
                customer_id=customer_id,
                source="api" if campaign is None else "payment_link",
                source_id=None if campaign is None else campaign.link_id,
                source_description=None if campaign is None else campaign.name,
                method=method,
                provider=provider,
                country=country.code,
                reference=f"order-{payment_id[-8:]}",
                now=at,
            )

        if campaign is not None:
            # Whoever pays has looked, and most who look do not pay.
            before = at - self._chance.randint(5, 90) * _SECOND
            yield Looked(before, campaign.looked_at(self._chance.randint(1, 6), before))
        yield Act(at, payment_id, create)
        for later, do in self._life(at, provider, amount):
            if later > self._until:
                return
            yield Act(later, payment_id, _payment_act(do, later))
            if campaign is not None and isinstance(do, _Collect):
                yield Asked(later, campaign.count_use(payment_id))

    def _life(
        self, at: datetime, provider: str, amount: int
    ) -> Iterator[tuple[datetime, Callable[[Payment, datetime], object]]]:
        """What becomes of a payment: at most a failure, a retry, a success and what follows it."""
        chance = self._chance
        fate = chance.random()
        at += chance.randint(3, 120) * _SECOND
        if fate < 0.03:  # noqa: PLR2004 (three in a hundred think better of it)
            yield at, lambda payment, now: payment.cancel(now, reason="changed my mind")
            return
        if fate < 0.05:  # noqa: PLR2004 (two in a hundred walk away)
            yield at + timedelta(hours=1), lambda payment, now: payment.expire(now)
            return
        if fate < 0.15:  # noqa: PLR2004 (ten in a hundred fail, and half of them try again)
            code, message = chance.choice(_FAILURES)
            yield at, lambda payment, now: payment.fail(code, message, now)
            if chance.random() < 1 / 2:
                return
            at += chance.randint(60, 3600) * _SECOND
            yield at, lambda payment, now: payment.retry(now)
            at += chance.randint(3, 120) * _SECOND
        reference = f"{provider}-{chance.randrange(10**9):09d}"
        paid_at = at
        if chance.random() < 0.02:  # noqa: PLR2004 (of two in a hundred the merchant hears later)
            at += chance.randint(2, 72) * timedelta(hours=1)
        yield at, _Collect(provider, reference, paid_at)
        yield from self._regrets(at, amount)

    def _regrets(
        self, at: datetime, amount: int
    ) -> Iterator[tuple[datetime, Callable[[Payment, datetime], object]]]:
        chance = self._chance
        fate = chance.random()
        at += chance.randint(1, 14 * 24) * timedelta(hours=1)
        if fate < 0.03:  # noqa: PLR2004 (three in a hundred get their money back, or a part)
            given = amount if chance.random() < 1 / 2 else amount // 2
            refund_id = self._new_id("ref", at)
            yield at, lambda payment, now: payment.refund(refund_id, given, now, reason="returned")
        elif fate < 0.036:  # noqa: PLR2004 (six in a thousand go to their bank)
            dispute_id = self._new_id("dis", at)
            yield (
                at,
                lambda payment, now: payment.open_a_dispute(
                    dispute_id, None, now, reason="not received"
                ),
            )
            at += chance.randint(5, 40) * timedelta(days=1)
            outcome: Literal["won", "lost"] = "won" if chance.random() < 2 / 3 else "lost"
            yield at, lambda payment, now: payment.resolve_the_dispute(outcome, now)

    def _campaign(self, buyer: Person) -> Campaign | None:
        if self._chance.random() < 0.45:  # noqa: PLR2004 (a little less than half: the shop)
            return None
        return self._campaigns.of(buyer.country)

    # Business grows through the year, and is done by day: around noon, give or take four hours.
    # The last day is one like the others, as far as it has come.
    def _moment(self) -> datetime:
        day = int(366 * self._chance.random() ** 0.7)
        hour = min(max(self._chance.gauss(13, 4), 0.0), 23.9)
        moment = self._until - _YEAR + timedelta(days=day)
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        moment += timedelta(hours=hour, microseconds=self._chance.randrange(10**9))
        return moment if moment <= self._until else self._moment()


@dataclass(frozen=True, slots=True)
class _Collect:
    """The payment succeeds."""

    provider: str
    reference: str
    paid_at: datetime

    def __call__(self, payment: Payment, now: datetime) -> None:
        payment.collect(
            now,
            provider=self.provider,
            provider_ref_id=self.reference,
            occurred_at=self.paid_at,
        )


class _IdMaker:
    """Ids that sort by time like those of the service, drawn from the seed."""

    _ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __call__(self, prefix: str, at: datetime) -> str:
        number = int(at.timestamp() * 1000) << 80 | self._chance.getrandbits(80)
        digits = (self._ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
        return f"{prefix}_{''.join(digits)}"


def _registration(buyer: Person, customer_id: str, at: datetime) -> Act:
    def register(_nothing: Entity | None) -> Entity:
        return Customer.register(
            customer_id,
            external_id=f"usr_{buyer.number:05d}",
            email=buyer.email,
            phone=buyer.phone,
            name=buyer.name,
            tags=buyer.tags,
            metadata={"country": buyer.country.code},
            now=at,
        )

    return Act(at, customer_id, register)


def _payment_act(
    do: Callable[[Payment, datetime], object], at: datetime
) -> Callable[[Entity | None], Entity]:
    def act(payment: Entity | None) -> Entity:
        assert isinstance(payment, Payment)  # noqa: S101 (acts of a payment follow its creation)
        do(payment, at)
        return payment

    return act
