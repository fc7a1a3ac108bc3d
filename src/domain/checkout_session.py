"""A checkout session: for a while, whoever holds its secret may choose how one payment is made."""

from datetime import datetime
from typing import Self

from domain.errors import Gone, NotFound
from domain.fact import Entity, Fact, FirstFact


class SessionNotFound(NotFound):
    code = "session_not_found"

    def __init__(self) -> None:
        super().__init__("there is no such checkout session")


class SessionExpired(Gone):
    code = "session_expired"

    def __init__(self, expires_at: datetime) -> None:
        moment = expires_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        super().__init__(f"this checkout session ended at {moment}", expires_at=moment)


class CheckoutSession(Entity):
    TOPIC = "checkout_session"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:  # noqa: ARG003 (its id is half of a secret)
        return SessionNotFound()

    class Event(Fact):
        """What happened to a checkout session."""

        TOPIC = "checkout_session.event"

    # `prefills`: a server opened it for somebody it knows, so the page may show who they are.
    class Opened(Event, FirstFact):
        """A payment may be made on a page of its own, until the session ends."""

        TOPIC = "checkout_session.opened"
        payment_id: str
        expires_at: datetime
        prefills: bool

    @classmethod
    def open(
        cls,
        session_id: str,
        *,
        payment_id: str,
        expires_at: datetime,
        prefills: bool,
        now: datetime,
    ) -> Self:
        return cls._create(
            cls.Opened,
            id=session_id,
            timestamp=now,
            occurred_at=now,
            payment_id=payment_id,
            expires_at=expires_at,
            prefills=prefills,
        )

    def __init__(self, payment_id: str, expires_at: datetime, prefills: bool) -> None:  # noqa: FBT001 (as the library calls it)
        self.payment_id = payment_id
        self.expires_at = expires_at
        self.prefills = prefills

    def must_be_open(self, now: datetime) -> None:
        if now >= self.expires_at:
            raise SessionExpired(self.expires_at)
