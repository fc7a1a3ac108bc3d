"""Session format: what a browser shows that is signed in names its book and its session.

``ses_<mode and organization 27><session 26>.<secret>``; only the SHA-256 of the secret is stored.
"""

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from commands.handling.ids import Ids
from domain.book import Book
from domain.console_session import ConsoleSession

_SHAPE: Final = re.compile(r"ses_([tl][0-9a-z]{26})([0-9a-z]{26})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class PresentedSession:
    """A session as a browser showed it: nothing of it proved yet."""

    book: Book
    session_id: str
    secret: str

    def __str__(self) -> str:
        return f"ses_{self.book.short}{self.session_id.removeprefix('ses_')}.{self.secret}"

    @property
    def secret_sha256(self) -> str:
        return sha256(self.secret.encode()).hexdigest()

    def opens(self, session: ConsoleSession) -> bool:
        """Takes the same time however much of the secret is right."""
        return hmac.compare_digest(self.secret_sha256, session.secret_sha256)


def new_session(ids: Ids, book: Book) -> PresentedSession:
    return PresentedSession(book, ids.new("ses"), ids.secret(32))


def parse(raw: str) -> PresentedSession | None:
    """None for what was not issued here."""
    match = _SHAPE.fullmatch(raw)
    if match is None:
        return None
    short, session, secret = match.groups()
    return PresentedSession(Book.from_short(short), f"ses_{session}", secret)
