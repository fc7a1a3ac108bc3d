"""Merchant: a book in which subscriptions are billed by a clock that only a test winds."""

from datetime import UTC, datetime

from secret_keys import KEYRING

from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from commands.subscriptions import CreateSubscription, create_subscription
from domain.invoice import Invoice
from domain.payment import Payment
from domain.subscription import Subscription
from ledger.facts import FactMapper
from whence.billing_worker import BillingWorker

ORG = f"org_{1:026}"


class ManualClock:
    """A clock that only a test winds."""

    def __init__(self):
        self.now = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)

    def __call__(self):
        return self.now

    def on(self, year, month, day, hour=9, minute=30):
        self.now = datetime(year, month, day, hour, minute, tzinfo=UTC)


class Merchant:
    """A book in which subscriptions are billed, and everything that was recorded in it."""

    def __init__(self, ledger, clock, book):
        self.ledger, self.clock, self.book = ledger, clock, book
        self.handler = CommandHandler(ledger, clock=clock, ids=Ids(clock), keyring=KEYRING)

    async def do(self, command, *values):
        return await self.handler.perform(self.book, lambda work: command(work, *values))

    async def subscribe(self, **said):
        usual = {
            "customer_id": "usr_1",
            "plan_id": "plan_premium",
            "amount": 9900,
            "currency": "GHS",
            "method": "momo",
            "interval": "monthly",
        }
        return (await self.do(create_subscription, CreateSubscription(**(usual | said)))).id

    async def bill(self):
        return await BillingWorker(self.ledger, self.handler).bill_everything_due()

    def all(self, kind):
        """Every aggregate of a kind, as the facts tell of it, in the order they began."""
        mapper, found = FactMapper(), {}
        for stored in self.ledger.read(self.book, limit=100_000):
            fact = mapper.decode(stored)
            if isinstance(fact, Invoice.Numbered):
                continue
            found[stored.stream] = fact.mutate(found.get(stored.stream))
        return [each for each in found.values() if isinstance(each, kind)]

    @property
    def subscription(self):
        return self.all(Subscription)[-1]

    @property
    def invoice(self):
        return self.all(Invoice)[-1]

    @property
    def payment(self):
        return self.all(Payment)[-1]

    @property
    def starts(self):
        return [invoice.period_start.date().isoformat() for invoice in self.all(Invoice)]
