"""Demo campaigns: payment links like any other, with pages that open, and how much each brings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from commands.handling.unit_of_work import UnitOfWork
from commands.payment_links import CreatePaymentLink, create_payment_link
from domain.fact import Fact
from domain.payment_link import PaymentLink, viewed
from whence.demo.commands import Decide
from whence.demo.people import COUNTRIES, Country

# As a merchant names them.
WEIGHTS = {
    "Instagram Bio": 9,
    "Black Friday Bundle": 7,
    "Summer Sale - Premium Plan": 6,
    "Back to School": 4,
    "Valentine Hampers": 3,
    "Market Day Flyer": 1,
}


@dataclass(slots=True)
class Campaign:
    """The link of one campaign in one country, whose payers choose what they give."""

    name: str
    country: Country
    link_id: str | None = field(default=None, init=False)

    async def begin(self, work: UnitOfWork) -> None:
        command = CreatePaymentLink(
            name=self.name,
            currency=self.country.currency,
            country=self.country.code,
            allow_custom_amount=True,
        )
        self.link_id = (await create_payment_link(work, command, prefills=False)).id

    def count_use(self, payment_id: str) -> Decide:
        """What is done when a payment through the link has succeeded."""

        async def count(work: UnitOfWork) -> None:
            assert self.link_id is not None  # noqa: S101 (the year begins with the campaigns)
            link = await work.load_for_update(PaymentLink, self.link_id)
            link.count_use(payment_id, work.now)

        return count

    def looked_at(self, times: int, at: datetime) -> Callable[[], Fact]:
        """What is told of so many who open its page."""

        def told() -> Fact:
            assert self.link_id is not None  # noqa: S101 (the year begins with the campaigns)
            return viewed(self.link_id, times, at)

        return told


class Campaigns:
    """Every campaign in every country; ``choose`` draws one of some names by their weights."""

    def __init__(self, choose: Callable[[list[str], list[int]], str]) -> None:
        self._choose = choose
        self._all = {
            (name, country.code): Campaign(name, country)
            for name in WEIGHTS
            for country in COUNTRIES
        }

    def __iter__(self) -> Iterator[Campaign]:
        return iter(self._all.values())

    def of(self, country: Country) -> Campaign:
        """The one that brings somebody of this country."""
        return self._all[self._choose([*WEIGHTS], [*WEIGHTS.values()]), country.code]
