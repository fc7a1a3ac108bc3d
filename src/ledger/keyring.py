"""Keyring: seals what is to be kept and not to be read, such as the secret of a webhook endpoint.

AES-GCM, each text with a nonce of its own and bound to its purpose: what was sealed for one place
opens in no other. A sealed text names the key it needs, so keys can be changed one after another.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_KEY_ID = re.compile("[A-Za-z0-9_-]{1,32}")

FORM: Final = "it must be like k1:<base64 of 32 bytes>, keys separated by commas"


class CannotSealOrOpen(Exception):  # noqa: N818 (what is the matter is said below)
    """Something can be neither sealed nor opened; the message holds nothing secret."""


class NoKeys(CannotSealOrOpen):
    def __init__(self) -> None:
        super().__init__("nothing can be sealed or opened without a key")


class KeyMissing(CannotSealOrOpen):
    def __init__(self, key_id: str) -> None:
        super().__init__(f"it was sealed with key {key_id}, which is not among those there are")


class SealBroken(CannotSealOrOpen):
    def __init__(self) -> None:
        super().__init__("it was sealed for something else, or with another key of that name")


class Keyring:
    """Keys by their ids: the first one seals, all of them open. One without keys does neither."""

    def __init__(self, keys: Mapping[str, bytes] | None = None) -> None:
        self._keys = dict(keys or {})

    @classmethod
    def parsed(cls, text: str) -> Self:
        """From ``id:base64(32 bytes),…``; raises ValueError, which repeats nothing of it."""
        keys: dict[str, bytes] = {}
        for each in filter(None, (part.strip() for part in re.split(r"[,\n]", text))):
            key_id, _, encoded = each.partition(":")
            if not _KEY_ID.fullmatch(key_id) or key_id in keys:
                raise ValueError(FORM)
            keys[key_id] = _key(encoded)
        return cls(keys)

    def seal(self, text: str, *, purpose: str) -> str:
        """The text as it may be kept; ``purpose``: where it belongs. Raises NoKeys."""
        for key_id, key in self._keys.items():
            nonce = os.urandom(_NONCE_BYTES)
            sealed = nonce + _cipher(key).encrypt(nonce, text.encode(), purpose.encode())
            return f"{key_id}.{base64.urlsafe_b64encode(sealed).decode()}"
        raise NoKeys

    def open(self, sealed: str, *, purpose: str) -> str:
        """What was sealed for this purpose; raises NoKeys, KeyMissing and SealBroken."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 (see below)

        if not self._keys:
            raise NoKeys
        key_id, _, encoded = sealed.partition(".")
        if key_id not in self._keys:
            raise KeyMissing(key_id)
        try:
            data = base64.urlsafe_b64decode(encoded)
            nonce, rest = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
            return _cipher(self._keys[key_id]).decrypt(nonce, rest, purpose.encode()).decode()
        except (InvalidTag, ValueError):
            raise SealBroken from None


def new_key() -> str:
    """A key of its own id, as it stands in a setting or a file."""
    key_id = f"k{os.urandom(4).hex()}"
    return f"{key_id}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}"


def _cipher(key: bytes) -> "AESGCM":
    # Settings hold keys, so every command comes here, and hardly one of them seals anything.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 (see above)

    return AESGCM(key)


def _key(encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError(FORM)
    return key
