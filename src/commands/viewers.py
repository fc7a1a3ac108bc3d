"""Viewers: who looks at the console, by the session that a browser shows."""

import re
from collections.abc import Awaitable, Callable
from functools import cached_property, partial
from hashlib import sha256
from typing import Final

from commands.console_sessions import (
    SignedIn,
    begin_session,
    end_session,
    note_use,
    open_sessions,
)
from commands.handling.handler import CommandHandler, Context
from commands.handling.unit_of_work import UnitOfWork
from commands.passwords import CannotProve, Passwords
from commands.principals import Principal
from commands.session_format import PresentedSession, parse
from commands.users import find_user, hash_sealed, set_password
from domain.api_key import Key
from domain.book import Book, Mode
from domain.console_session import ConsoleSession, SessionEnded
from domain.errors import RuleBroken, Unauthorized
from domain.organization import Organization
from domain.user import User, found_as
from ledger.keyring import CannotSealOrOpen

SessionCommand = Callable[..., Awaitable[None]]

# Where the accounts of an organization are, which open both of its books.
ACCOUNTS: Final[Mode] = "live"

_MOST_PROVEN: Final = 10_000
_ORGANIZATION: Final = re.compile("org_[0-9a-z]{26}")


class NobodySignedIn(Unauthorized):
    """What of it is wrong is not said: not even whether there is such an account."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__("this organization has nobody with this email address and password")


class WrongPassword(RuleBroken):
    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("this is not your password")


class Viewers:
    """Proves sessions from the memory of the handler, as the directory proves keys.

    So whoever is shut out in this process is out at once, and elsewhere within a second: because
    the session was ended, the key revoked, or the person removed or given another role.
    """

    def __init__(self, handler: CommandHandler) -> None:
        self._handler = handler
        self._proven: set[bytes] = set()

    async def viewer(
        self,
        raw: str,
        *,
        mode: Mode = ACCOUNTS,
        before_looking_up: Callable[[], None] = lambda: None,
    ) -> Principal:
        """``mode``: which of the two books a person looks at; a key opens one alone.

        Raises SessionEnded, and whatever ``before_looking_up`` raises. Of a session that was never
        proved nothing is looked up before that was called.
        """
        digest = sha256(raw.encode()).digest()
        if digest not in self._proven:
            before_looking_up()
        viewer = await self._prove(raw, mode)
        if viewer is None:
            self._proven.discard(digest)
            raise SessionEnded
        if len(self._proven) >= _MOST_PROVEN:
            self._proven.clear()
        self._proven.add(digest)
        return viewer

    async def sign_in(self, caller: Principal, device: str | None, *, request_id: str) -> str:
        """A session of whoever has shown a good key: what the browser is to show from now on."""
        begin = partial(begin_session, device=device, key_id=caller.key_id)
        context = Context(key_id=caller.key_id, request_id=request_id)
        return await self._handler.perform(caller.book, begin, context=context)

    async def sign_in_with_password(
        self, org_id: str, email: str, password: str, device: str | None, *, request_id: str
    ) -> str:
        """Raises NobodySignedIn, and CannotProve.

        It takes as long whether there is such an account or not.
        """
        book = str(Book(org_id, ACCOUNTS))
        user, hashed = None, None
        if _ORGANIZATION.fullmatch(org_id):
            user, hashed = await self._handler.perform(book, partial(_account, email=email))
        if not await self._passwords.proves(password, hashed) or user is None:
            raise NobodySignedIn
        begin = partial(
            begin_session, device=device, user_id=user.id, access_version=user.access_version
        )
        context = Context(actor=user.id, request_id=request_id)
        return await self._handler.perform(book, begin, context=context)

    async def hashed(self, password: str) -> str:
        """As an account may have it. Raises CannotProve."""
        return await self._passwords.hashed(password)

    async def change_password(
        self, viewer: Principal, old: str, new: str, device: str | None, *, request_id: str
    ) -> str:
        """Ends all their sessions; what this browser is to show from now on.

        Raises WrongPassword, CannotProve, and SessionEnded of whoever was shut out meanwhile.
        """
        if viewer.user is None:
            raise WrongPassword
        book, email = viewer.session_book, viewer.user.email
        _, hashed = await self._handler.perform(book, partial(_account, email=email))
        if not await self._passwords.proves(old, hashed):
            raise WrongPassword
        change = partial(
            _change_password,
            user_id=viewer.id,
            access_version=viewer.user.access_version,
            hashed=await self._passwords.hashed(new),
            device=device,
        )
        return await self._handler.perform(book, change, context=_context(viewer, request_id))

    def organization_of(self, raw: str) -> str | None:
        """Where somebody says they have been signed in."""
        presented = parse(raw)
        return None if presented is None else presented.book.org_id

    async def has_been_here(self, raw: str, org_id: str, email: str) -> bool:
        """Whether somebody with this address has been signed in with this session, ever."""
        presented = parse(raw)
        if presented is None or presented.book.org_id != org_id:
            return False
        book = str(presented.book)
        session = await self._handler.load_recent(ConsoleSession, book, presented.session_id)
        if session is None or session.user_id is None or not presented.opens(session):
            return False
        user = await self._handler.load_recent(User, book, session.user_id)
        return user is not None and found_as(user.email) == found_as(email)

    async def signed_in(self, viewer: Principal) -> list[SignedIn]:
        """Where they are signed in; to whoever may hand out keys, where everybody is."""
        seen = None if viewer.may("api_keys:write") else viewer.holder
        seeing = partial(open_sessions, holder=seen)
        return await self._handler.perform(viewer.session_book, seeing)

    async def end(self, viewer: Principal, session_id: str, *, request_id: str) -> None:
        """Ends one of those that they see. Raises SessionNotFound."""
        if session_id not in {each.session.id for each in await self.signed_in(viewer)}:
            raise ConsoleSession.not_found(session_id)
        end = partial(end_session, session_id=session_id, ending="ended")
        context = _context(viewer, request_id)
        await self._handler.perform(viewer.session_book, end, context=context)

    async def sign_out(self, viewer: Principal, *, request_id: str) -> None:
        """Ends the session they are signed in with."""
        sign_out = partial(end_session, ending="signed_out")
        await self._perform(viewer, sign_out, _context(viewer, request_id))

    async def note_use(self, viewer: Principal) -> None:
        """Remembers that the session is in use; does nothing when that was noted just now."""
        await self._perform(viewer, note_use)

    @cached_property
    def _passwords(self) -> Passwords:
        return Passwords()

    async def _perform(
        self, viewer: Principal, decide: SessionCommand, context: Context | None = None
    ) -> None:
        if viewer.session is not None:
            of_it = partial(decide, session_id=viewer.session.id)
            await self._handler.perform(viewer.session_book, of_it, context=context)

    async def _prove(self, raw: str, mode: Mode) -> Principal | None:
        presented = parse(raw)
        session = None if presented is None else await self._session(presented)
        if presented is None or session is None:
            return None
        book = presented.book if session.user_id is None else presented.book._replace(mode=mode)
        organization = await self._handler.load_recent(Organization, str(book), book.org_id)
        if organization is None:
            return None
        holder = await self._holder(presented.book, organization, session)
        return None if holder is None else Principal(str(book), organization, holder, session)

    async def _session(self, presented: PresentedSession) -> ConsoleSession | None:
        """The open session that was shown, if its secret was."""
        session = await self._handler.load_recent(
            ConsoleSession, str(presented.book), presented.session_id
        )
        if session is None or not presented.opens(session):
            return None
        return session if session.is_open(self._handler.clock()) else None

    async def _holder(
        self, book: Book, organization: Organization, session: ConsoleSession
    ) -> Key | User | None:
        """Whoever signed in, unless they were shut out since."""
        if session.user_id is None:
            key = organization.keys.get(session.key_id or "")
            return None if key is None or key.revoked_at is not None else key
        user = await self._handler.load_recent(User, str(book), session.user_id)
        is_out = user is None or user.access_version != session.access_version
        return None if is_out else user


def _context(viewer: Principal, request_id: str) -> Context:
    actor = None if viewer.user is None else viewer.id
    return Context(actor=actor, key_id=viewer.key_id, request_id=request_id)


async def _account(work: UnitOfWork, email: str) -> tuple[User | None, str | None]:
    """Who it is, and what their password is proved by."""
    user = await find_user(work, email)
    try:
        return user, None if user is None else hash_sealed(work, user)
    except CannotSealOrOpen as error:
        raise CannotProve(f"no password can be proved here: {error}") from error


async def _change_password(
    work: UnitOfWork, *, user_id: str, access_version: int, hashed: str, device: str | None
) -> str:
    """``access_version``: of whoever has shown the password before, and may be out by now."""
    if (await work.load_for_update(User, user_id)).access_version != access_version:
        raise SessionEnded
    user = await set_password(work, user_id, hashed)
    return await begin_session(work, device, user_id=user.id, access_version=user.access_version)
