"""Ids: a prefix and a ULID, short, safe in a URL, in order of time."""

import os
import random
import re
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable
from io import BytesIO
from typing import Final

from ulid_transform import bytes_to_ulid

from ledger.clock import Clock

__all__ = ["Clock", "Ids", "looks_like_an_id"]

# A ULID is 48 bits of milliseconds, then 80 of randomness.
_RANDOM_BYTES: Final = 10

_SHAPE: Final = re.compile(r"[a-z]+_[0-9a-z]{26}")


class Ids:
    """Makes ids like ``pay_01hx…``: 26 lower-case characters, each greater than the one before.

    ``randomness`` gives so many bytes when asked; ``Ids.seeded`` makes the same ids every time,
    for demonstrations and tests, never for a store that others can reach.
    """

    def __init__(self, clock: Clock, randomness: Callable[[int], bytes] = os.urandom) -> None:
        self._clock = clock
        self._randomness = randomness
        self._latest = 0
        self._stock = BytesIO()

    @classmethod
    def seeded(cls, clock: Clock, seed: int) -> "Ids":
        return cls(clock, random.Random(seed).randbytes)  # noqa: S311 (meant to be foreseen)

    def new(self, prefix: str) -> str:
        milliseconds = int(self._clock().timestamp() * 1000)
        # Also when the clock is set back, an id is greater than those already given out.
        if milliseconds > self._latest >> _RANDOM_BYTES * 8:
            self._latest = milliseconds << _RANDOM_BYTES * 8 | self._random_number()
        else:
            self._latest += 1
        return f"{prefix}_{bytes_to_ulid(self._latest.to_bytes(16)).lower()}"

    def secret(self, size: int = 32) -> str:
        """So many bytes of randomness, as text that is safe in a URL."""
        return urlsafe_b64encode(self._randomness(size)).decode().rstrip("=")

    def random_bytes(self, size: int) -> bytes:
        return self._randomness(size)

    def code(self, size: int = 10) -> str:
        """So many bytes of randomness, a multiple of five, in lower-case letters and digits."""
        return b32encode(self._randomness(size)).decode().lower()

    def _random_number(self) -> int:
        # A call of the system for every millisecond's first id was a fifth of a command's time.
        taken = self._stock.read(_RANDOM_BYTES)
        if not taken:
            self._stock = BytesIO(self._randomness(_RANDOM_BYTES * 100))
            taken = self._stock.read(_RANDOM_BYTES)
        return int.from_bytes(taken)


def looks_like_an_id(text: str) -> bool:
    """Whether a text has the form of an id of ours; nothing else needs to be looked for."""
    return _SHAPE.fullmatch(text) is not None
