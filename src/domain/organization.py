"""An organization in one mode: its settings, its API keys, and what they may do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Self, TypedDict

from eventsourcing.domain import event

from domain.api_key import MOST_KEYS_IN_USE, Key, KeyNotFound, TooManyKeys, alive, with_descendants
from domain.book import Mode
from domain.errors import NotFound
from domain.fact import Entity, Fact, FirstFact
from domain.retry_policy import DEFAULT_POLICY, RetryPolicy

# What the first start calls an organization, of which nobody has said a name yet.
UNNAMED = "First organization"


class OrganizationNotFound(NotFound):
    code = "organization_not_found"

    def __init__(self, org_id: str) -> None:
        super().__init__(f"no organization {org_id}", org_id=org_id)


class Contact(TypedDict):
    """Where whoever answers for an organization is reached."""

    email: str | None


class Organization(Entity):
    TOPIC = "organization"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return OrganizationNotFound(stream)

    class Event(Fact):
        """What happened to an organization."""

        TOPIC = "organization.event"

    # `client_secret_seed` lets client secrets be derived from payment ids, so none is stored.
    class Founded(Event, FirstFact):
        """The organization came to be, in one of its two modes."""

        TOPIC = "organization.founded"
        name: str
        mode: str
        client_secret_seed: str

    # All of them as they are from then on: a reader never merges.
    class SettingsChanged(Event):
        """What the organization is called, where it is and what its pages look like."""

        TOPIC = "organization.settings_changed"
        name: str
        country: str | None
        time_zone: str | None
        color: str | None

    class InvoicePrefixSet(Event):
        """Numbers of invoices begin so from then on; null: as they do without being told."""

        TOPIC = "organization.invoice_prefix_set"
        prefix: str | None

    class ContactSet(Event):
        """Whoever answers for the organization is written to there; null: to nobody."""

        TOPIC = "organization.contact_set"
        personal: Contact

    # Those of before are of nobody: who had made them was not recorded.
    class KeyIssued(Event):
        """A key was handed out, by a key or a person or, if null, an operator. No scopes: all."""

        TOPIC = "organization.key_issued"
        class_version: ClassVar[int] = 2
        key_id: str
        name: str
        scopes: list[str]
        secret_sha256: str
        made_by: str | None

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["made_by"] = None

    class KeyUsed(Event):
        """A key is in use; recorded at most once an hour."""

        TOPIC = "organization.key_used"
        key_id: str

    class KeyRevoked(Event):
        """A key opens nothing any more."""

        TOPIC = "organization.key_revoked"
        key_id: str

    # No plan: the policy is that of all plans without one of their own.
    class RetryPolicySet(Event):
        """What becomes of payments of a plan that fail was decided, for invoices to come."""

        TOPIC = "organization.retry_policy_set"
        plan_id: str | None
        policy: RetryPolicy

    class RetryPolicyRemoved(Event):
        """A plan, or all of them, goes by the next more general policy again."""

        TOPIC = "organization.retry_policy_removed"
        plan_id: str | None

    class CheckoutOriginsSet(Event):
        """These pages, and no others, may call from a browser on behalf of the organization."""

        TOPIC = "organization.checkout_origins_set"
        origins: list[str]

    @classmethod
    def found(
        cls, org_id: str, *, name: str, mode: Mode, client_secret_seed: str, now: datetime
    ) -> Self:
        return cls._create(
            cls.Founded,
            id=org_id,
            timestamp=now,
            occurred_at=now,
            name=name,
            mode=mode,
            client_secret_seed=client_secret_seed,
        )

    def __init__(
        self, name: str, mode: Mode, client_secret_seed: str, occurred_at: datetime
    ) -> None:
        self.name = name
        self.mode: Mode = mode
        self.client_secret_seed = client_secret_seed
        self.country: str | None = None
        self.time_zone: str | None = None
        self.color: str | None = None
        self.invoice_prefix: str | None = None
        self.contact_email: str | None = None
        self.founded_at = occurred_at
        self.keys: dict[str, Key] = {}
        self.retry_policies: dict[str | None, RetryPolicy] = {}
        self.checkout_origins: list[str] = []

    @property
    def settings(self) -> dict[str, str | None]:
        return {
            "name": self.name,
            "country": self.country,
            "time_zone": self.time_zone,
            "color": self.color,
        }

    @property
    def stated_name(self) -> str | None:
        return None if self.name == UNNAMED else self.name

    def change_settings(self, changes: Mapping[str, str | None], now: datetime) -> None:
        """Changes the named settings; no change records nothing."""
        settings = self.settings | dict(changes)
        if settings != self.settings:
            self._record(self.SettingsChanged, now, occurred_at=now, **settings)

    def set_invoice_prefix(self, prefix: str | None, now: datetime) -> None:
        if prefix != self.invoice_prefix:
            self._record(self.InvoicePrefixSet, now, prefix=prefix)

    def set_contact(self, email: str | None, now: datetime) -> None:
        if email != self.contact_email:
            self._record(self.ContactSet, now, personal=Contact(email=email))

    def issue_key(
        self,
        key_id: str,
        *,
        name: str,
        scopes: Sequence[str] = (),
        secret_sha256: str,
        made_by: str | None = None,
        by_person: str | None = None,
        now: datetime,
    ) -> None:
        """Raises TooManyKeys, and what `must_cover` does of the key that makes it."""
        if made_by is not None:
            self.key(made_by).must_cover(scopes, "hand out")
        if len(alive(self.keys)) >= MOST_KEYS_IN_USE:
            raise TooManyKeys
        self._record(
            self.KeyIssued,
            now,
            key_id=key_id,
            name=name,
            scopes=sorted(set(scopes)),
            secret_sha256=secret_sha256,
            made_by=made_by or by_person,
        )

    def note_key_use(self, key_id: str, now: datetime) -> None:
        if self.key(key_id).use_is_worth_noting(now):
            self._record(self.KeyUsed, now, key_id=key_id)

    def revoke_key(
        self, key_id: str, now: datetime, *, by: str | None = None, descendants: bool = False
    ) -> None:
        """Revoking a revoked key changes nothing; `descendants`: also those it made.

        Raises KeyNotFound, and what `must_cover` does of the key that revokes.
        """
        named = self.key(key_id)
        found = with_descendants(self.keys, key_id) if descendants else [named]
        for key in found:
            if by is not None and (key is named or key.revoked_at is None):
                self.key(by).must_cover(key.scopes, "revoke a key with")
        for key in found:
            if key.revoked_at is None:
                self._record(self.KeyRevoked, now, key_id=key.key_id)

    def set_retry_policy(self, plan_id: str | None, policy: RetryPolicy, now: datetime) -> None:
        if self.retry_policies.get(plan_id) != policy:
            self._record(self.RetryPolicySet, now, plan_id=plan_id, policy=policy)

    def remove_retry_policy(self, plan_id: str | None, now: datetime) -> None:
        """Removing what is not there changes nothing."""
        if plan_id in self.retry_policies:
            self._record(self.RetryPolicyRemoved, now, plan_id=plan_id)

    def retry_policy(self, plan_id: str | None) -> RetryPolicy:
        """The plan's own policy, else that of the organization, else the one of everybody."""
        policies = self.retry_policies
        return policies.get(plan_id) or policies.get(None) or DEFAULT_POLICY

    def set_checkout_origins(self, origins: Sequence[str], now: datetime) -> None:
        if list(origins) != self.checkout_origins:
            self._record(self.CheckoutOriginsSet, now, origins=list(origins))

    def key(self, key_id: str) -> Key:
        try:
            return self.keys[key_id]
        except KeyError:
            raise KeyNotFound(key_id) from None

    @event(SettingsChanged)
    def _on_settings_changed(
        self, name: str, country: str | None, time_zone: str | None, color: str | None
    ) -> None:
        self.name = name
        self.country = country
        self.time_zone = time_zone
        self.color = color

    @event(InvoicePrefixSet)
    def _on_invoice_prefix_set(self, prefix: str | None) -> None:
        self.invoice_prefix = prefix

    @event(ContactSet)
    def _on_contact_set(self, personal: Contact) -> None:
        self.contact_email = personal["email"]

    @event(KeyIssued)
    def _on_key_issued(
        self,
        key_id: str,
        name: str,
        scopes: list[str],
        secret_sha256: str,
        made_by: str | None,
        occurred_at: datetime,
    ) -> None:
        key = Key(key_id, name, scopes, secret_sha256, occurred_at, made_by)
        self.keys = self.keys | {key_id: key}

    @event(KeyUsed)
    def _on_key_used(self, key_id: str, occurred_at: datetime) -> None:
        self.keys = self.keys | {key_id: replace(self.keys[key_id], last_used_at=occurred_at)}

    @event(KeyRevoked)
    def _on_key_revoked(self, key_id: str, occurred_at: datetime) -> None:
        self.keys = self.keys | {key_id: replace(self.keys[key_id], revoked_at=occurred_at)}

    @event(CheckoutOriginsSet)
    def _on_checkout_origins_set(self, origins: list[str]) -> None:
        self.checkout_origins = origins

    @event(RetryPolicySet)
    def _on_retry_policy_set(self, plan_id: str | None, policy: RetryPolicy) -> None:
        self.retry_policies = self.retry_policies | {plan_id: policy}

    @event(RetryPolicyRemoved)
    def _on_retry_policy_removed(self, plan_id: str | None) -> None:
        kept = {plan: each for plan, each in self.retry_policies.items() if plan != plan_id}
        self.retry_policies = kept
