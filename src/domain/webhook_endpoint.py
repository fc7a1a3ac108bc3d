"""A webhook endpoint: an address of the merchant's that is told what happens."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Self, TypedDict

from eventsourcing.domain import event

from domain.errors import NotFound
from domain.fact import Entity, Fact, FirstFact
from domain.webhook_endpoint_refusals import WebhookEndpointDisabled, WebhookEndpointNotFound

ENDPOINT: Final = "webhook_endpoint"
ENDPOINT_NAME: Final = "webhook_endpoint_name"
UNSAID_WARNING: Final = "webhook_endpoint_unsaid_warning"
DEFAULT_NAME: Final = "default"

# So many secrets sign at once, however often it is rotated.
_MOST_RETIRED: Final = 9

DisabledReason = Literal["by_hand", "gone", "failing"]
WarningOf = Literal["failing", "disabled"]


class Told(TypedDict):
    """What it is called, where it is and what it is told; no events: all."""

    name: str
    url: str
    events: list[str]
    metadata: dict[str, Any]


class WebhookEndpoint(Entity):
    TOPIC = "webhook_endpoint"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return WebhookEndpointNotFound(stream)

    class Event(Fact):
        """What happened to a webhook endpoint."""

        TOPIC = "webhook_endpoint.event"

    # `told_after`: null means after this fact. The secret is sealed: it opens with a key that is
    # not in the ledger.
    class Registered(Event, FirstFact):
        """An address is told what happens after a position of the book; no `events`: all."""

        TOPIC = "webhook_endpoint.registered"
        name: str
        url: str
        events: list[str]
        metadata: dict[str, Any]
        enabled: bool
        sealed_secret: str
        told_after: int | None

    class Changed(Event):
        """It is somewhere else or told other things; the fact holds all of it."""

        TOPIC = "webhook_endpoint.changed"
        name: str
        url: str
        events: list[str]
        metadata: dict[str, Any]

    class Enabled(Event):
        """It is told again, from where it was."""

        TOPIC = "webhook_endpoint.enabled"

    class Disabled(Event):
        """It is told nothing for now: `by_hand`, it said that it is `gone`, or was `failing`."""

        TOPIC = "webhook_endpoint.disabled"
        reason: str

    class Retried(Event):
        """Somebody asked that it be tried at once, whenever it would have been tried next."""

        TOPIC = "webhook_endpoint.retried"

    class SecretRotated(Event):
        """A new secret signs; the one before too until `previous_until`: if that is now, none."""

        TOPIC = "webhook_endpoint.secret_rotated"
        sealed_secret: str
        previous_until: datetime

    class Failing(Event):
        """Nothing has reached it since `failing_since`: the warning before it is disabled."""

        TOPIC = "webhook_endpoint.failing"
        failing_since: datetime

    # Recorded once somebody has been written to, so nobody is twice, nor left out by a crash.
    class Warned(Event):
        """Whoever answers for the organization was told by email: that it is `failing`, or off."""

        TOPIC = "webhook_endpoint.warned"
        warning: str

    class Removed(Event):
        """It is told nothing any more."""

        TOPIC = "webhook_endpoint.removed"

    @classmethod
    def register(
        cls,
        endpoint_id: str,
        told: Told,
        *,
        enabled: bool,
        sealed_secret: str,
        told_after: int | None,
        now: datetime,
    ) -> Self:
        return cls._create(
            cls.Registered,
            id=endpoint_id,
            timestamp=now,
            occurred_at=now,
            **told,
            enabled=enabled,
            sealed_secret=sealed_secret,
            told_after=told_after,
        )

    def __init__(
        self,
        name: str,
        url: str,
        events: list[str],
        metadata: dict[str, Any],
        enabled: bool,  # noqa: FBT001 (a value of the first fact)
        sealed_secret: str,
        told_after: int | None,
        occurred_at: datetime,
    ) -> None:
        self.told = Told(name=name, url=url, events=events, metadata=metadata)
        self.enabled = enabled
        self.disabled_reason: str | None = None if enabled else "by_hand"
        self.disabled_at: datetime | None = None if enabled else occurred_at
        self.failing_since: datetime | None = None
        self.warned_at: datetime | None = None
        self.unsaid: WarningOf | None = None
        self.retried_at: datetime | None = None
        self.told_after = told_after
        self.sealed_secret = sealed_secret
        self.retired_secrets: list[tuple[str, datetime]] = []
        self.removed = False
        self.created_at = occurred_at
        self.updated_at = occurred_at

    @property
    def name(self) -> str:
        return self.told["name"]

    @property
    def url(self) -> str:
        return self.told["url"]

    @property
    def events(self) -> list[str]:
        return self.told["events"]

    @property
    def metadata(self) -> dict[str, Any]:
        return self.told["metadata"]

    @property
    def found_by(self) -> frozenset[tuple[str, str]]:
        if self.removed:
            return frozenset()
        found = {(ENDPOINT, self.id), (ENDPOINT_NAME, self.name)}
        return frozenset(found | {(UNSAID_WARNING, self.id)} if self.unsaid else found)

    def sealed_secrets(self, now: datetime) -> list[str]:
        """Those that sign at a moment, the newest first."""
        retired = [sealed for sealed, until in reversed(self.retired_secrets) if now < until]
        return [self.sealed_secret, *retired]

    def change(self, changes: Mapping[str, Any], now: datetime) -> None:
        """Changes what is named of what is told; no change records nothing."""
        self.must_be_there()
        told = Told(**{**self.told, **changes})  # type: ignore[typeddict-item]
        if told != self.told:
            self._record(self.Changed, now, **told)

    def enable(self, now: datetime) -> None:
        self.must_be_there()
        if not self.enabled:
            self._record(self.Enabled, now)

    def disable(self, reason: DisabledReason, now: datetime) -> None:
        """It stays where it is, and loses nothing; one that is disabled stays so."""
        self.must_be_there()
        if self.enabled:
            self._record(self.Disabled, now, reason=reason)

    def retry(self, now: datetime) -> None:
        """Raises WebhookEndpointDisabled: one that is disabled goes on when it is enabled."""
        self.must_be_there()
        if not self.enabled:
            raise WebhookEndpointDisabled(self.id)
        self._record(self.Retried, now)

    def rotate_secret(self, sealed_secret: str, now: datetime, *, previous_for: timedelta) -> None:
        self.must_be_there()
        self._record(
            self.SecretRotated,
            now,
            sealed_secret=sealed_secret,
            previous_until=now + previous_for,
        )

    def warn(self, failing_since: datetime, now: datetime) -> None:
        """Once for each time that it fails."""
        self.must_be_there()
        if self.enabled and failing_since != self.failing_since:
            self._record(self.Failing, now, failing_since=failing_since)

    def note_warned(self, warning: WarningOf, now: datetime) -> None:
        """Whoever answers for the organization knows; of what is not so any more it is no use."""
        if self.unsaid == warning:
            self._record(self.Warned, now, warning=warning)

    def remove(self, now: datetime) -> None:
        self.must_be_there()
        self._record(self.Removed, now)

    def must_be_there(self) -> None:
        if self.removed:
            raise WebhookEndpointNotFound(self.id)

    @event(Changed)
    def _on_changed(
        self,
        name: str,
        url: str,
        events: list[str],
        metadata: dict[str, Any],
        occurred_at: datetime,
    ) -> None:
        self.told = Told(name=name, url=url, events=events, metadata=metadata)
        self.updated_at = occurred_at

    @event(Enabled)
    def _on_enabled(self, occurred_at: datetime) -> None:
        self.enabled = True
        self.disabled_reason = self.disabled_at = self.unsaid = None
        self.failing_since = self.warned_at = None
        self.updated_at = occurred_at

    @event(Disabled)
    def _on_disabled(self, reason: str, occurred_at: datetime) -> None:
        self.enabled = False
        self.disabled_reason = reason
        self.unsaid = None if reason == "by_hand" else "disabled"
        self.disabled_at = self.updated_at = occurred_at

    @event(Retried)
    def _on_retried(self, occurred_at: datetime) -> None:
        self.retried_at = occurred_at

    @event(SecretRotated)
    def _on_secret_rotated(
        self, sealed_secret: str, previous_until: datetime, occurred_at: datetime
    ) -> None:
        leaked = previous_until <= occurred_at
        signing = [each for each in self.retired_secrets if occurred_at < each[1]]
        retired = [] if leaked else [*signing, (self.sealed_secret, previous_until)]
        self.retired_secrets = retired[-_MOST_RETIRED:]
        self.sealed_secret = sealed_secret
        self.updated_at = occurred_at

    @event(Failing)
    def _on_failing(self, failing_since: datetime, occurred_at: datetime) -> None:
        self.failing_since = failing_since
        self.warned_at = occurred_at
        self.unsaid = "failing"

    @event(Warned)
    def _on_warned(self) -> None:
        self.unsaid = None

    @event(Removed)
    def _on_removed(self) -> None:
        self.removed = True
