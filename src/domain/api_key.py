"""An API key of an organization, and what it may do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import NotFound

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
        "webhooks",
        "workflows",
    )
    for verb in ("read", "write")
) | {"checkout:write"}

USE_IS_NOTED_EVERY = timedelta(hours=1)


class KeyNotFound(NotFound):
    code = "api_key_not_found"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"no API key {key_id}", key_id=key_id)


@dataclass(frozen=True)
class Key:
    """An API key as the organization remembers it: never the secret, only its digest."""

    key_id: str
    name: str
    scopes: list[str]
    secret_sha256: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def may(self, scope: str) -> bool:
        """A key with no scopes listed has full access."""
        return not self.scopes or scope in self.scopes

    def use_is_worth_noting(self, now: datetime) -> bool:
        """At most once an hour: a fact a request is too many."""
        return self.last_used_at is None or now - self.last_used_at >= USE_IS_NOTED_EVERY
