"""Passwords: hashed with Argon2id, a few at a time, each in a thread of its own."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

if TYPE_CHECKING:
    from argon2 import PasswordHasher

P = ParamSpec("P")
T = TypeVar("T")

SHORTEST: Final = 12
LONGEST: Final = 1000

# What OWASP asks for at least: 19 MiB, twice over. It is sealed besides, and payments are taken on
# the same cores.
_ROUNDS: Final = 2
_MEMORY_KIB: Final = 19 * 1024
_AT_ONCE: Final = 2
_MOST_WAITING: Final = 50

# Without those that look alike when somebody writes them down: 57 signs, 116 bits.
_MADE_OF: Final = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_MADE_LENGTH: Final = 20


class CannotProve(Exception):  # noqa: N818 (a state of things, not a fault)
    """Nobody can tell now whether a password is right; the message is for whoever signs in."""


class TooManySignIns(CannotProve):
    """So many passwords are being proved or wait already."""

    def __init__(self) -> None:
        super().__init__("many people are signing in at this moment: try again")


class Passwords:
    """Proves and hashes passwords for one event loop; whoever would wait long is turned away."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def proves(self, password: str, hashed: str | None) -> bool:
        """Takes the same time when there is no hash to prove it by. Raises TooManySignIns."""
        return await self._in_turn(_proves, password, hashed)

    async def hashed(self, password: str) -> str:
        """As it may be sealed. Raises TooManySignIns."""
        return await self._in_turn(hash_of, password)

    async def _in_turn(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._waiting >= _MOST_WAITING:
            raise TooManySignIns
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work, *args, **kwargs)
        finally:
            self._waiting -= 1


def hash_of(password: str) -> str:
    """As it may be sealed, and proved again later."""
    return _hasher().hash(_as_typed(password))


def made_password() -> str:
    """One that nobody can guess, and that can be read out."""
    return "".join(secrets.choice(_MADE_OF) for _ in range(_MADE_LENGTH))


def _proves(password: str, hashed: str | None) -> bool:
    from argon2.exceptions import VerificationError  # noqa: PLC0415 (see below)

    try:
        _hasher().verify(hashed or _of_nobody(), _as_typed(password))
    except VerificationError:
        return False
    return hashed is not None


def _as_typed(password: str) -> str:
    """The same from every keyboard: some compose a letter and its accent, others do not."""
    return unicodedata.normalize("NFKC", password)


# Whoever signs nobody in does not wait for what that needs.
@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # noqa: PLC0415 (see above)

    return PasswordHasher(time_cost=_ROUNDS, memory_cost=_MEMORY_KIB, parallelism=1)


@cache
def _of_nobody() -> str:
    return hash_of(secrets.token_urlsafe())
