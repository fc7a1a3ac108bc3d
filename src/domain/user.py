"""A person with an account of an organization: who signs in to the console, and what they may."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Self, TypedDict, get_args

from eventsourcing.domain import event

from domain.api_key import SCOPES
from domain.errors import Conflict, NotFound, NotPermitted
from domain.fact import Entity, Fact, FirstFact

# What an account is found by, beside its own id: the email address people sign in with.
USER: Final = "user"

Role = Literal["owner", "finance", "support"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

# Who hands out keys and accounts hands out all that these may.
_OWNERS: Final = frozenset(
    f"{area}:{verb}" for area in ("api_keys", "users") for verb in ("read", "write")
)
_SYSTEM: Final = frozenset({"system:read", "system:operate"})


@dataclass(frozen=True)
class Rights:
    """What a role may: scopes, as those of keys, and what keys with these scopes may anyway."""

    scopes: frozenset[str]
    exports: bool = True
    deletes: bool = True
    sees_personal: bool = True


RIGHTS: Final[dict[Role, Rights]] = {
    "owner": Rights(SCOPES),
    "finance": Rights(SCOPES - _OWNERS - {"system:operate"}),
    "support": Rights(
        frozenset(each for each in SCOPES - _OWNERS - _SYSTEM if each.endswith(":read"))
        | {"customers:write"},
        exports=False,
        deletes=False,
        sees_personal=False,
    ),
}


class UserNotFound(NotFound):
    code = "user_not_found"

    def __init__(self, named: str) -> None:
        super().__init__(f"nobody here is called {named}", user=named)


class UserExists(Conflict):
    code = "user_already_exists"

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} has an account of this organization already", email=email)


class OwnPassword(NotPermitted):
    """Whoever sits down before an open page must not lock out whose it is."""

    code = "own_password"

    def __init__(self) -> None:
        super().__init__("your own password is changed under My account, with the one you have")


class LastOwner(Conflict):
    code = "last_owner"

    def __init__(self, email: str) -> None:
        super().__init__(
            f"{email} is the last owner: make somebody else an owner first", email=email
        )


class Identity(TypedDict):
    """How somebody is called, and the address they sign in with."""

    email: str
    name: str | None


def found_as(email: str) -> str:
    """An address as it is compared: people write capitals as they like."""
    return email.casefold()


class User(Entity):
    TOPIC = "user"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return UserNotFound(stream)

    class Event(Fact):
        """What happened to somebody's account."""

        TOPIC = "user.event"

    class Added(Event, FirstFact):
        """Somebody got an account; with the first password they can sign in."""

        TOPIC = "user.added"
        role: str
        personal: Identity

    # The digest of a password is weaker than that of a key: people choose it. So it is sealed.
    class PasswordSet(Event):
        """Somebody has another password from then on, and is signed in nowhere."""

        TOPIC = "user.password_set"
        sealed_hash: str

    class RoleSet(Event):
        """Somebody may something else from then on, and is signed in nowhere."""

        TOPIC = "user.role_set"
        role: str

    class Removed(Event):
        """Somebody has no account any more."""

        TOPIC = "user.removed"

    @classmethod
    def add(cls, user_id: str, *, email: str, name: str | None, role: Role, now: datetime) -> Self:
        return cls._create(
            cls.Added,
            id=user_id,
            timestamp=now,
            occurred_at=now,
            role=role,
            personal=Identity(email=email, name=name),
        )

    def __init__(self, role: Role, personal: Identity, occurred_at: datetime) -> None:
        self.role = role
        self.personal = personal
        self.added_at = occurred_at
        self.sealed_hash: str | None = None
        self.removed_at: datetime | None = None
        # One more with everything that shuts out whoever is signed in.
        self.access_version = 1

    @property
    def email(self) -> str:
        return self.personal["email"]

    @property
    def name(self) -> str:
        return self.personal["name"] or self.email

    @property
    def rights(self) -> Rights:
        return RIGHTS[self.role]

    @property
    def scopes(self) -> frozenset[str]:
        return self.rights.scopes

    def may(self, scope: str) -> bool:
        return scope in self.rights.scopes

    @property
    def found_by(self) -> frozenset[tuple[str, str]]:
        if self.removed_at is not None:
            return frozenset()
        return frozenset({(USER, found_as(self.email))})

    def set_password(self, sealed_hash: str, now: datetime) -> None:
        self._record(self.PasswordSet, now, sealed_hash=sealed_hash)

    def set_role(self, role: Role, now: datetime) -> None:
        if role != self.role:
            self._record(self.RoleSet, now, role=role)

    def remove(self, now: datetime) -> None:
        """Removing who is removed changes nothing."""
        if self.removed_at is None:
            self._record(self.Removed, now)

    @event(PasswordSet)
    def _on_password_set(self, sealed_hash: str) -> None:
        self.sealed_hash = sealed_hash
        self.access_version += 1

    @event(RoleSet)
    def _on_role_set(self, role: Role) -> None:
        self.role = role
        self.access_version += 1

    @event(Removed)
    def _on_removed(self, occurred_at: datetime) -> None:
        self.removed_at = occurred_at
        self.access_version += 1
