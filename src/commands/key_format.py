"""Key format: an API key carries its organization and mode, and a secret.

``pfk_<mode>_<organization 26><key 26>.<secret>``; only the SHA-256 of the secret is stored.
"""

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from commands.handling.ids import Ids
from domain.api_key import Key
from domain.book import Book, Mode

_SHAPE: Final = re.compile(r"pfk_(test|live)_([0-9a-z]{26})([0-9a-z]{26})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class PresentedKey:
    """A key as somebody showed it: what it says about itself, nothing of it proved yet."""

    book: Book
    key_id: str
    secret: str

    def __str__(self) -> str:
        mode, org = self.book.mode, self.book.org_id.removeprefix("org_")
        return f"pfk_{mode}_{org}{self.key_id.removeprefix('key_')}.{self.secret}"

    @property
    def secret_sha256(self) -> str:
        return sha256(self.secret.encode()).hexdigest()

    def opens(self, key: Key) -> bool:
        """Takes the same time however much of the secret is right."""
        return hmac.compare_digest(self.secret_sha256, key.secret_sha256)


def new_key(ids: Ids, book: Book) -> PresentedKey:
    return PresentedKey(book, ids.new("key"), ids.secret(32))


def parse(raw: str) -> PresentedKey | None:
    """None for what was not issued here."""
    match = _SHAPE.fullmatch(raw)
    if match is None:
        return None
    _, org, key, secret = match.groups()
    mode: Mode = "test" if raw.startswith("pfk_test_") else "live"
    return PresentedKey(Book(f"org_{org}", mode), f"key_{key}", secret)
