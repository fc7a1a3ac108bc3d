"""Payer details: what a payer said when a payment began, kept beside it until it succeeds."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, Self

from domain.customer import Personal
from domain.errors import NotFound
from domain.fact import Entity, Fact, FirstFact

ALL: Final = ("email", "phone", "name")

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

    # `customer_id` is whose the payment was when it began. Without one it becomes theirs who turn
    # out to be meant, when it succeeds.
    class Event(Fact):
        """What a payer said of themselves."""

        TOPIC = "introduction.event"
        customer_id: str | None
        payment_id: str

    # A phone number is in E.164 form, or, where nobody can tell from where it is, as it was typed.
    # `believed`: which of the three are taken for true when the payment succeeds. At first only
    # who was known already was noted, and all that was noted was believed. `network`: whose mobile
    # money the number has; nobody was asked for it before.
    class Given(Event, FirstFact):
        """Whoever pays said who they are; nobody has proved it."""

        TOPIC = "introduction.made"
        class_version = 3
        personal: Personal
        believed: list[str]
        network: str | None

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["believed"] = list(ALL)

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            state["network"] = None

    @classmethod
    def give(
        cls,
        payment_id: str,
        *,
        customer_id: str | None,
        personal: Personal,
        believed: Collection[str] = ALL,
        network: str | None = None,
        now: datetime,
    ) -> Self:
        return cls._create(
            cls.Given,
            id=cls.id_for(payment_id),
            timestamp=now,
            occurred_at=now,
            customer_id=customer_id,
            payment_id=payment_id,
            personal=personal,
            believed=[name for name in ALL if name in believed],
            network=network,
        )

    @staticmethod
    def id_for(payment_id: str) -> str:
        """There is at most one for each payment, and it is found without looking for it."""
        return f"{_PREFIX}_{payment_id.partition('_')[2]}"

    def __init__(
        self,
        customer_id: str | None,
        payment_id: str,
        personal: Personal,
        believed: list[str],
        network: str | None,
    ) -> None:
        self.customer_id = customer_id
        self.payment_id = payment_id
        self.personal = personal
        self.believed = believed
        self.network = network

    @property
    def proved(self) -> Personal:
        """What a success proves. A number as it was typed is nobody's: it could be anywhere."""
        said = {name: self.personal[name] for name in self.believed}  # type: ignore[literal-required]
        phone = said.get("phone")
        return Personal(
            email=said.get("email"),
            phone=phone if phone and phone.startswith("+") else None,
            name=said.get("name"),
        )
