"""Hiding: what was answered is kept without the secrets that it repeats."""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

_HIDDEN: Final = "[secret]"
_SHORTEST_SECRET: Final = 40
# So much of its beginning is no secret yet.
_SHORTEST_BEGINNING: Final = 8


def without(said: str, secrets: Sequence[str]) -> str:
    """Also without the beginning of one with which it ends: no more of it was kept."""
    if len(said) < _SHORTEST_SECRET:
        return said
    for secret in secrets:
        for written in _ways_to_write(secret):
            said = _without_beginning(said.replace(written, _HIDDEN), written)
    return said


def _ways_to_write(secret: str) -> Iterator[str]:
    """As it is; and what is secret about it, alone, as part of an address, and as JSON of PHP."""
    yield secret
    key = secret.removeprefix("whsec_").removeprefix("sha256=").removeprefix("v1,")
    yield key
    yield quote(key, safe="")
    yield key.replace("/", "\\/")


def _without_beginning(said: str, secret: str) -> str:
    window = max(0, len(said) - len(secret))
    at = said.rfind(secret[:_SHORTEST_BEGINNING], window)
    return said[:at] + _HIDDEN if at >= 0 and secret.startswith(said[at:]) else said
