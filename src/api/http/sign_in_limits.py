"""Sign-in limits: how often somebody may try in vain to sign in to the console."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final

from api.http.errors import RateLimited
from api.http.rate_limits import RateLimit

# An office is one address, and its people make mistakes.
_OF_AN_ADDRESS: Final = "30/15minute"
_OF_AN_ACCOUNT: Final = "10/15minute"


class SignInLimits:
    """Counts those who try, from the moment they begin: so not even at once there are more."""

    def __init__(self) -> None:
        self._per_address = RateLimit(_OF_AN_ADDRESS)
        self._per_account = RateLimit(_OF_AN_ACCOUNT)

    @contextmanager
    def of_address(self, address: str) -> Iterator[None]:
        """Somebody tries from there; what is no failure is not counted. Raises RateLimited."""
        with _trying(self._per_address, address):
            yield

    @contextmanager
    def of_account(self, org_id: str, email: str, browser: str | None) -> Iterator[None]:
        """The same for an account, whether it is there or not.

        ``browser``: a session that shows that they have signed in here before. It is counted by
        itself, so that nobody else keeps them out by trying in their name.
        """
        named = browser or f"{org_id} {email}"
        with _trying(self._per_account, sha256(named.encode()).hexdigest()):
            yield


@contextmanager
def _trying(limit: RateLimit, name: str) -> Iterator[None]:
    allowance = limit.hit(name)
    if allowance is not None and not allowance.allowed:
        raise RateLimited(allowance.retry_after_seconds, "too many tries to sign in")
    yield
    limit.take_back(name)
