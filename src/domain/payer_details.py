"""Payer details: what a payer said when a payment began, kept beside it until it succeeds."""

from datetime import datetime
from typing import Final, Self

from domain.customer import Personal
from domain.errors import NotFound
from domain.fact import Entity, Fact, FirstFact

_PREFIX: Final = "intro"


class PayerDetailsNotFound(NotFound):
    code = "introduction_not_found"

    def __init__(self, payment_id: str) -> None:
        super().__init__(f"nobody said who they are with payment {payment_id}")


class PayerDetails(Entity):
    """A stream of its own: whoever merely begins payments changes nothing about a customer."""

    TOPIC = "introduction"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return PayerDetailsNotFound(stream)

    class Event(Fact):
        """What a payer said of themselves."""

        TOPIC = "introduction.event"
        customer_id: str
        payment_id: str

    class Given(Event, FirstFact):
        """Somebody who pays as a known customer said more than was known; nobody has proved it."""

        TOPIC = "introduction.made"
        personal: Personal

    @classmethod
    def give(cls, payment_id: str, *, customer_id: str, personal: Personal, now: datetime) -> Self:
        return cls._create(
            cls.Given,
            id=cls.id_for(payment_id),
            timestamp=now,
            occurred_at=now,
            customer_id=customer_id,
            payment_id=payment_id,
            personal=personal,
        )

    @staticmethod
    def id_for(payment_id: str) -> str:
        """There is at most one for each payment, and it is found without looking for it."""
        return f"{_PREFIX}_{payment_id.partition('_')[2]}"

    def __init__(self, customer_id: str, payment_id: str, personal: Personal) -> None:
        self.customer_id = customer_id
        self.payment_id = payment_id
        self.personal = personal
