"""An integration: through whom messages leave, such as a mail server, and how to log in there."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, Self, TypedDict, cast

from eventsourcing.domain import event

from domain.errors import NotFound
from domain.fact import Entity, Fact, FirstFact

INTEGRATION = "integration"
# Of each type one integration holds this: the one that is meant where none is named.
DEFAULT_INTEGRATION = "default_integration"

IntegrationType = Literal["email", "sms", "notification", "delivery"]
IntegrationStatus = Literal["active", "inactive"]


class Access(TypedDict):
    """How somebody is reached: the addresses of `config` are in `personal`.

    `sealed_credentials`: what only the keys of this service open; null: there are none.
    """

    name: str
    config: dict[str, Any]
    personal: dict[str, Any]
    sealed_credentials: str | None
    status: str


class TriedWith(TypedDict):
    """To whom a message was sent; null where it goes to a place of its own."""

    to: str | None


class IntegrationNotFound(NotFound):
    code = "integration_not_found"

    def __init__(self, integration_id: str) -> None:
        super().__init__(f"no integration {integration_id}", integration_id=integration_id)


# These carry the whole access as it is from then on: a reader never merges.
class _Stated(Fact):
    name: str
    config: dict[str, Any]
    personal: dict[str, Any]
    sealed_credentials: str | None
    status: str

    def apply(self, aggregate: "Integration") -> None:
        aggregate.access = Access(
            name=self.name,
            config=self.config,
            personal=self.personal,
            sealed_credentials=self.sealed_credentials,
            status=self.status,
        )
        aggregate.updated_at = self.occurred_at


class Integration(Entity):
    TOPIC = "integration"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return IntegrationNotFound(stream)

    class Event(Fact):
        """What happened to an integration."""

        TOPIC = "integration.event"

    class Created(_Stated, Event, FirstFact):
        """Messages may leave through somebody from now on."""

        TOPIC = "integration.created"
        type: str
        provider: str

    class Changed(_Stated, Event):
        """They are reached otherwise, or not for now; the fact holds all of it."""

        TOPIC = "integration.changed"

    class MadeDefault(Event):
        """It is the one that is meant of its type where none is named."""

        TOPIC = "integration.made_default"

    class DefaultLost(Event):
        """Another of its type is the one that is meant where none is named."""

        TOPIC = "integration.default_lost"

    class Tried(Event):
        """Somebody had a message sent to try it out, and it left or did not: `error` says why."""

        TOPIC = "integration.tried"
        error: str | None
        personal: TriedWith

    class Removed(Event):
        """Nothing leaves through them any more."""

        TOPIC = "integration.removed"

    @classmethod
    def create(
        cls,
        integration_id: str,
        access: Access,
        *,
        type: IntegrationType,  # noqa: A002 (as the wire calls it)
        provider: str,
        now: datetime,
    ) -> Self:
        return cls._create(
            cls.Created,
            id=integration_id,
            timestamp=now,
            occurred_at=now,
            type=type,
            provider=provider,
            **access,
        )

    def __init__(
        self,
        type: str,  # noqa: A002 (as the wire calls it)
        provider: str,
        occurred_at: datetime,
    ) -> None:
        self.type = cast(IntegrationType, type)
        self.provider = provider
        self.access: Access
        self.is_default = False
        self.removed = False
        self.last_tried_at: datetime | None = None
        self.last_tried_error: str | None = None
        self.created_at = occurred_at
        self.updated_at = occurred_at

    @property
    def name(self) -> str:
        return self.access["name"]

    @property
    def config(self) -> dict[str, Any]:
        """As it was set, the addresses included."""
        return self.access["config"] | self.access["personal"]

    @property
    def status(self) -> IntegrationStatus:
        return cast(IntegrationStatus, self.access["status"])

    @property
    def is_usable(self) -> bool:
        return self.status == "active" and not self.removed

    @property
    def found_by(self) -> frozenset[tuple[str, str]]:
        if self.removed:
            return frozenset()
        known = frozenset({(INTEGRATION, f"{self.type}\n{self.id}")})
        return known | {(DEFAULT_INTEGRATION, self.type)} if self.is_default else known

    def change(self, access: Access, now: datetime) -> None:
        """The same access records nothing."""
        self.must_be_there()
        if access != self.access:
            self._record(self.Changed, now, **access)

    def make_default(self, now: datetime) -> None:
        self.must_be_there()
        if not self.is_default:
            self._record(self.MadeDefault, now)

    def lose_default(self, now: datetime) -> None:
        if self.is_default:
            self._record(self.DefaultLost, now)

    def note_try(self, *, to: str | None, error: str | None, now: datetime) -> None:
        self.must_be_there()
        self._record(self.Tried, now, error=error, personal=TriedWith(to=to))

    def remove(self, now: datetime) -> None:
        self.must_be_there()
        self._record(self.Removed, now)

    def must_be_there(self) -> None:
        """Raises IntegrationNotFound once it was removed."""
        if self.removed:
            raise IntegrationNotFound(self.id)

    # How they are reached is taken over in `_Stated.apply`.

    @event(MadeDefault)
    def _on_made_default(self, occurred_at: datetime) -> None:
        self.is_default = True
        self.updated_at = occurred_at

    @event(DefaultLost)
    def _on_default_lost(self) -> None:
        self.is_default = False

    @event(Tried)
    def _on_tried(self, error: str | None, occurred_at: datetime) -> None:
        self.last_tried_at = occurred_at
        self.last_tried_error = error

    @event(Removed)
    def _on_removed(self, occurred_at: datetime) -> None:
        self.removed = True
        self.is_default = False
        self.updated_at = occurred_at


def usual_of(integrations: Iterable[Integration | None]) -> Integration | None:
    """Of those of one type, the one through which messages leave; None where none can be used."""
    usable = [each for each in integrations if each is not None and each.is_usable]
    return next((each for each in usable if each.is_default), next(iter(usable), None))
