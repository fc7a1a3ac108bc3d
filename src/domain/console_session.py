"""A session of the console: somebody signed in, with a key or as a person, until it ends."""

from datetime import datetime, timedelta
from typing import Final, Literal, Self, get_args

from eventsourcing.domain import event

from domain.errors import NotFound, Unauthorized
from domain.fact import Entity, Fact, FirstFact

# What an open session is found by, beside its own id: whose it is.
SESSION: Final = "console_session"

LASTS_AT_MOST: Final = timedelta(days=30)
LASTS_UNUSED: Final = timedelta(hours=12)
USE_IS_NOTED_EVERY: Final = timedelta(minutes=10)

Ending = Literal["signed_out", "ended", "expired", "replaced"]
ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)


class SessionNotFound(NotFound):
    code = "session_not_found"

    def __init__(self, session_id: str) -> None:
        super().__init__(f"no session {session_id}", session_id=session_id)


class SessionEnded(Unauthorized):
    """Nobody is signed in with it, be it that it ended, that it is too old, or unknown here."""

    code = "session_ended"

    def __init__(self) -> None:
        super().__init__("this session of the console has ended: sign in again")


class ConsoleSession(Entity):
    TOPIC = "console_session"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return SessionNotFound(stream)

    class Event(Fact):
        """What happened to a session of the console."""

        TOPIC = "console_session.event"

    # `access_version` is that of the person: with the next one the session opens nothing.
    class Began(Event, FirstFact):
        """Somebody signed in to the console, as a person or with a key, never both."""

        TOPIC = "console_session.began"
        user_id: str | None
        access_version: int | None
        key_id: str | None
        secret_sha256: str
        device: str | None

    class Used(Event):
        """The session is in use; recorded at most every ten minutes."""

        TOPIC = "console_session.used"

    class Ended(Event):
        """Nobody is signed in with it any more: signed out, ended, expired or replaced."""

        TOPIC = "console_session.ended"
        ending: str

    @classmethod
    def begin(
        cls,
        session_id: str,
        *,
        user_id: str | None = None,
        access_version: int | None = None,
        key_id: str | None = None,
        secret_sha256: str,
        device: str | None,
        now: datetime,
    ) -> Self:
        return cls._create(
            cls.Began,
            id=session_id,
            timestamp=now,
            occurred_at=now,
            user_id=user_id,
            access_version=access_version,
            key_id=key_id,
            secret_sha256=secret_sha256,
            device=device,
        )

    def __init__(
        self,
        user_id: str | None,
        access_version: int | None,
        key_id: str | None,
        secret_sha256: str,
        device: str | None,
        occurred_at: datetime,
    ) -> None:
        self.user_id = user_id
        self.access_version = access_version
        self.key_id = key_id
        self.secret_sha256 = secret_sha256
        self.device = device
        self.began_at = occurred_at
        self.last_used_at = occurred_at
        self.ending: str | None = None

    @property
    def holder_id(self) -> str:
        """Whose it is: a person or a key."""
        return self.user_id or self.key_id or ""

    @property
    def found_by(self) -> frozenset[tuple[str, str]]:
        """By whose it is, until it is said to have ended."""
        if self.ending is not None:
            return frozenset()
        return frozenset({(SESSION, f"{self.holder_id} {self.id}")})

    def is_open(self, now: datetime) -> bool:
        """Neither ended nor left alone for too long, nor older than any may become."""
        return (
            self.ending is None
            and now - self.last_used_at < LASTS_UNUSED
            and now - self.began_at < LASTS_AT_MOST
        )

    def use_is_worth_noting(self, now: datetime) -> bool:
        return now - self.last_used_at >= USE_IS_NOTED_EVERY

    def note_use(self, now: datetime) -> None:
        """Of one that is over no use is noted: that would open it again."""
        if self.is_open(now) and self.use_is_worth_noting(now):
            self._record(self.Used, now)

    def end(self, ending: Ending, now: datetime) -> None:
        """Ending what has ended changes nothing."""
        if self.ending is None:
            self._record(self.Ended, now, ending=ending)

    @event(Used)
    def _on_used(self, occurred_at: datetime) -> None:
        self.last_used_at = occurred_at

    @event(Ended)
    def _on_ended(self, ending: str) -> None:
        self.ending = ending
