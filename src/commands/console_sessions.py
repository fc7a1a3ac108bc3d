"""Session commands: somebody signs in to the console, sees who is signed in, and signs out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from commands.handling.unit_of_work import UnitOfWork
from commands.session_format import new_session
from domain.api_key import Key
from domain.book import Book
from domain.console_session import SESSION, ConsoleSession, Ending
from domain.organization import Organization
from domain.user import User

# More devices hardly anybody has; and whoever signs in again and again fills nothing.
MOST_OF_ONE: Final = 20


async def begin_session(
    work: UnitOfWork,
    device: str | None,
    *,
    key_id: str | None = None,
    user_id: str | None = None,
    access_version: int | None = None,
) -> str:
    """What the browser is to show from now on, which nobody can tell again."""
    presented = new_session(work.ids, Book(work.org_id, work.mode))
    session = ConsoleSession.begin(
        presented.session_id,
        user_id=user_id,
        access_version=access_version,
        key_id=key_id,
        secret_sha256=presented.secret_sha256,
        device=device,
        now=work.now,
    )
    await _make_room(work, session.holder_id)
    work.add(session)
    return str(presented)


async def end_session(work: UnitOfWork, session_id: str, ending: Ending) -> None:
    """Raises SessionNotFound."""
    (await work.load_for_update(ConsoleSession, session_id)).end(ending, work.now)


async def note_use(work: UnitOfWork, session_id: str) -> None:
    (await work.load_for_update(ConsoleSession, session_id)).note_use(work.now)


@dataclass(frozen=True)
class SignedIn:
    """An open session, and whose it is."""

    session: ConsoleSession
    holder: Key | User


async def open_sessions(work: UnitOfWork, holder: Key | User | None = None) -> list[SignedIn]:
    """Those of a person or a key, or of all of this book; who signed in last comes first."""
    prefix = "" if holder is None else f"{holder.id} "
    found = [
        await work.load_recent(ConsoleSession, stream)
        for stream in await work.streams_found_by(SESSION, prefix)
    ]
    whose = [(each, await _holder(work, each)) for each in found if each.is_open(work.now)]
    signed_in = [SignedIn(each, holder) for each, holder in whose if holder is not None]
    return sorted(signed_in, key=lambda each: each.session.id, reverse=True)


async def end_sessions(work: UnitOfWork, ended: Iterable[SignedIn]) -> None:
    for each in ended:
        await end_session(work, each.session.id, "ended")


async def _holder(work: UnitOfWork, session: ConsoleSession) -> Key | User | None:
    """Whoever signed in, unless they were shut out since."""
    if session.user_id is None:
        organization = await work.load_recent(Organization, work.org_id)
        key = organization.keys.get(session.key_id or "")
        return None if key is None or key.revoked_at is not None else key
    user = await work.load_recent(User, session.user_id)
    return user if user.access_version == session.access_version else None


async def _make_room(work: UnitOfWork, holder_id: str) -> None:
    """Says of sessions that are over that they are, and ends the oldest of too many."""
    found = [
        await work.load_for_update(ConsoleSession, stream)
        for stream in await work.streams_found_by(SESSION, f"{holder_id} ")
    ]
    for each in found:
        if not each.is_open(work.now):
            each.end("expired", work.now)
    still_open = [each for each in found if each.ending is None]
    for each in still_open[: max(0, len(still_open) + 1 - MOST_OF_ONE)]:
        each.end("replaced", work.now)
