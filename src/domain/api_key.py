"""An API key of an organization: what it may do, who made it, and what follows from that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import Conflict, NotFound, NotPermitted, Unauthorized

SCOPES = frozenset(
    f"{area}:{verb}"
    for area in (
        "api_keys",
        "connections",
        "customers",
        "fraud",
        "invoices",
        "organization",
        "payment_links",
        "payments",
        "subscriptions",
        "users",
        "webhooks",
        "workflows",
    )
    for verb in ("read", "write")
) | {"checkout:write", "customers:export", "events:read", "system:read", "system:operate"}

# So many of a book open something at once: each lives in memory, and has limits of its own.
MOST_KEYS_IN_USE = 100
USE_IS_NOTED_EVERY = timedelta(hours=1)


class KeyNotFound(NotFound):
    code = "api_key_not_found"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"no API key {key_id}", key_id=key_id)


class InvalidApiKey(Unauthorized):
    code = "invalid_api_key"

    def __init__(self) -> None:
        super().__init__("this API key is not known here")


class ApiKeyRevoked(Unauthorized):
    code = "api_key_revoked"

    def __init__(self) -> None:
        super().__init__("this API key has been revoked")


class TooManyKeys(Conflict):
    code = "too_many_api_keys"

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_KEYS_IN_USE} API keys are in use: revoke one of them first",
            limit=MOST_KEYS_IN_USE,
        )


class KeyIsTooNarrow(NotPermitted):
    code = "insufficient_scope"

    def __init__(self, action: str) -> None:
        super().__init__(f"a key cannot {action} scopes it does not have")


@dataclass(frozen=True)
class Key:
    """An API key as the organization remembers it: never the secret, only its digest.

    `made_by` is the key or the person that asked for it; None of one that an operator made, or of
    which nobody knows.
    """

    key_id: str
    name: str
    scopes: list[str]
    secret_sha256: str
    created_at: datetime
    made_by: str | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def id(self) -> str:
        return self.key_id

    def may(self, scope: str) -> bool:
        """A key with no scopes listed has full access."""
        return not self.scopes or scope in self.scopes

    def must_cover(self, scopes: Sequence[str], action: str) -> None:
        """Raises KeyIsTooNarrow for scopes it does not have, and ApiKeyRevoked."""
        if self.revoked_at is not None:
            raise ApiKeyRevoked
        if self.scopes and not (scopes and set(scopes) <= set(self.scopes)):
            raise KeyIsTooNarrow(action)

    def use_is_worth_noting(self, now: datetime) -> bool:
        """At most once an hour: a fact a request is too many."""
        return self.last_used_at is None or now - self.last_used_at >= USE_IS_NOTED_EVERY


def alive(keys: Mapping[str, Key]) -> list[Key]:
    return [key for key in keys.values() if key.revoked_at is None]


def with_descendants(keys: Mapping[str, Key], key_id: str) -> list[Key]:
    """A key, all that it has made, and what these have made; `keys` in the order of issue."""
    found = {key_id: keys[key_id]}
    for key in keys.values():
        if key.made_by in found:
            found[key.key_id] = key
    return list(found.values())
