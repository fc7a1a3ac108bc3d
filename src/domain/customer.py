"""A customer: who somebody is, and how the business itself calls them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Self, TypedDict

from eventsourcing.domain import event

from domain.errors import Conflict, NotFound
from domain.fact import Entity, Fact, FirstFact

# What those are found by who are not to be written to: `<channel>\n<customer>`.
SUPPRESSED: Final = "suppressed"
# Whoever says so is not written to at all, whatever it is.
_NEVER: Final = ("bounced", "complained")


class Personal(TypedDict):
    """The only place where facts hold personal data, so that erasing a person is possible."""

    email: str | None
    phone: str | None
    name: str | None


class Consent(TypedDict):
    """Whether somebody may be written to by a channel, why, and since when."""

    given: bool
    reason: str
    at: datetime


class CustomerNotFound(NotFound):
    code = "customer_not_found"

    def __init__(self, customer_id: str) -> None:
        super().__init__(f"no customer {customer_id}", customer_id=customer_id)


class ExternalIdTaken(Conflict):
    code = "customer_already_exists"

    def __init__(self, external_id: str, customer_id: str) -> None:
        super().__init__(
            f"external_id {external_id} belongs to customer {customer_id}",
            field="external_id",
            external_id=external_id,
            customer_id=customer_id,
        )


class Customer(Entity):
    TOPIC = "customer"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return CustomerNotFound(stream)

    class Event(Fact):
        """What happened to a customer."""

        TOPIC = "customer.event"

    # Each of the first two carries the whole profile as it is from then on: a reader never merges.
    class Registered(Event, FirstFact):
        """Somebody became known to the business, with what is known of them."""

        TOPIC = "customer.registered"
        external_id: str | None
        personal: Personal
        tags: list[str]
        metadata: dict[str, Any]

    class Updated(Event):
        """The profile changed; the fact holds all of it as it is from then on."""

        TOPIC = "customer.updated"
        external_id: str | None
        personal: Personal
        tags: list[str]
        metadata: dict[str, Any]

    class ConsentGiven(Event):
        """They want to be written to by a channel, `email` or `sms`; `reason`: how it is known."""

        TOPIC = "customer.consent_given"
        channel: str
        reason: str

    class ConsentWithdrawn(Event):
        """They are not written to by a channel any more; `reason` says why, such as `asked`."""

        TOPIC = "customer.consent_withdrawn"
        channel: str
        reason: str

    class Revealed(Event):
        """A person asked to see who they are, to whom that is shown only when they ask."""

        TOPIC = "customer.revealed"
        user_id: str

    class DataTaken(Event):
        """All that is kept of them was taken away as one archive; `asked_by`: a key or a person."""

        TOPIC = "customer.data_taken"
        asked_by: str

    class Deleted(Event):
        """The customer was taken out of the registry; payments and totals stay."""

        TOPIC = "customer.deleted"

    @classmethod
    def register(
        cls,
        customer_id: str,
        *,
        external_id: str | None = None,
        email: str | None = None,
        phone: str | None = None,
        name: str | None = None,
        tags: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        now: datetime,
    ) -> Self:
        return cls._create(
            cls.Registered,
            id=customer_id,
            timestamp=now,
            occurred_at=now,
            external_id=external_id,
            personal=Personal(email=email, phone=phone, name=name),
            tags=list(tags),
            metadata=dict(metadata or {}),
        )

    def __init__(
        self,
        external_id: str | None,
        personal: Personal,
        tags: list[str],
        metadata: dict[str, Any],
        occurred_at: datetime,
    ) -> None:
        self.external_id = external_id
        self.personal = personal
        self.tags = tags
        self.metadata = metadata
        self.registered_at = occurred_at
        self.updated_at = occurred_at
        self.consents: dict[str, Consent] = {}
        self.deleted = False

    @property
    def found_by(self) -> frozenset[tuple[str, str]]:
        if self.deleted:
            return frozenset()
        withdrawn = (name for name, said in self.consents.items() if not said["given"])
        return frozenset((SUPPRESSED, f"{channel}\n{self.id}") for channel in withdrawn)

    def update(self, changes: Mapping[str, Any], now: datetime) -> None:
        """Changes the named fields, each to a value or to None; no change records nothing.

        Fields: ``external_id``, ``email``, ``phone``, ``name``, ``tags``, ``metadata``.
        """
        self._must_exist()
        personal = Personal(
            email=changes.get("email", self.personal["email"]),
            phone=changes.get("phone", self.personal["phone"]),
            name=changes.get("name", self.personal["name"]),
        )
        profile = {
            "external_id": changes.get("external_id", self.external_id),
            "personal": personal,
            "tags": list(changes.get("tags", self.tags) or ()),
            "metadata": dict(changes.get("metadata", self.metadata) or {}),
        }
        if any(getattr(self, field) != value for field, value in profile.items()):
            self._record(self.Updated, now, **profile)

    def lacks(self, said: Personal) -> bool:
        """Whether somebody says of this customer what is not known yet."""
        known = self.personal
        return any(value and not known[field] for field, value in said.items())  # type: ignore[literal-required]

    def fill_in(
        self,
        now: datetime,
        *,
        email: str | None = None,
        phone: str | None = None,
        name: str | None = None,
    ) -> None:
        """Takes contact details a payment brought along, never over those already known."""
        known = self.personal
        found = {
            "email": None if known["email"] else email,
            "phone": None if known["phone"] else phone,
            "name": None if known["name"] else name,
        }
        self.update({field: value for field, value in found.items() if value}, now)

    def withdrawal(self, channel: str, *, transactional: bool) -> str | None:
        """Why they are not written to by a channel; None: they may be.

        Of what is ``transactional`` nobody is spared but those whom it only harms.
        """
        said = self.consents.get(channel)
        if said is None or said["given"] or (transactional and said["reason"] not in _NEVER):
            return None
        return said["reason"]

    def give_consent(self, channel: str, reason: str, now: datetime) -> None:
        """What was said before, and is said again, records nothing."""
        self._consent(self.ConsentGiven, channel, reason, now, given=True)

    def withdraw_consent(self, channel: str, reason: str, now: datetime) -> None:
        """What was said before, and is said again, records nothing."""
        self._consent(self.ConsentWithdrawn, channel, reason, now, given=False)

    def reveal(self, user_id: str, now: datetime) -> None:
        self._must_exist()
        self._record(self.Revealed, now, user_id=user_id)

    def take_data(self, asked_by: str, now: datetime) -> None:
        """Also of somebody who was deleted: what was recorded of them is still there."""
        self._record(self.DataTaken, now, asked_by=asked_by)

    def delete(self, now: datetime) -> None:
        self._must_exist()
        self._record(self.Deleted, now)

    def _consent(
        self, fact: type[Fact], channel: str, reason: str, now: datetime, *, given: bool
    ) -> None:
        self._must_exist()
        said = self.consents.get(channel)
        if said is None or (said["given"], said["reason"]) != (given, reason):
            self._record(fact, now, channel=channel, reason=reason)

    def _must_exist(self) -> None:
        if self.deleted:
            raise CustomerNotFound(self.id)

    @event(Updated)
    def _on_updated(
        self,
        external_id: str | None,
        personal: Personal,
        tags: list[str],
        metadata: dict[str, Any],
        occurred_at: datetime,
    ) -> None:
        self.external_id = external_id
        self.personal = personal
        self.tags = tags
        self.metadata = metadata
        self.updated_at = occurred_at

    @event(Revealed)
    def _on_revealed(self) -> None:
        """It changes nothing about them."""

    @event(DataTaken)
    def _on_data_taken(self) -> None:
        """Nor does this."""

    @event(ConsentGiven)
    def _on_consent_given(self, channel: str, reason: str, occurred_at: datetime) -> None:
        said = Consent(given=True, reason=reason, at=occurred_at)
        self.consents = self.consents | {channel: said}

    @event(ConsentWithdrawn)
    def _on_consent_withdrawn(self, channel: str, reason: str, occurred_at: datetime) -> None:
        said = Consent(given=False, reason=reason, at=occurred_at)
        self.consents = self.consents | {channel: said}

    @event(Deleted)
    def _on_deleted(self) -> None:
        self.deleted = True
