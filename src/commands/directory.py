"""API key lookup: the organization, mode and rights behind a key that is presented."""

from collections.abc import Callable
from hashlib import sha256

from commands.handling.handler import CommandHandler
from commands.handling.unit_of_work import UnitOfWork
from commands.imported_api_keys import find_imported
from commands.key_format import parse
from commands.principals import Principal
from domain.api_key import ApiKeyRevoked, InvalidApiKey
from domain.book import Book
from domain.errors import Unauthorized
from domain.organization import Organization

_MOST_PROVEN = 10_000


class Directory:
    """Proves keys, from the memory of the handler.

    So a key revoked in this process is refused at once, one revoked elsewhere within a second; one
    issued anywhere is good at once.
    """

    def __init__(self, handler: CommandHandler) -> None:
        self._handler = handler
        self._proven: dict[bytes, Principal] = {}

    async def principal(
        self, raw: str, *, before_looking_up: Callable[[], None] = lambda: None
    ) -> Principal:
        """Raises InvalidApiKey or ApiKeyRevoked, and whatever ``before_looking_up`` raises.

        What was proved once holds for as long as nothing was recorded about the organization; of a
        key that was never proved nothing is looked up before ``before_looking_up`` was called.
        """
        digest = sha256(raw.encode()).digest()
        proven = self._proven.get(digest)
        if proven is None:
            before_looking_up()
        else:
            organization = await self._handler.load_recent(Organization, proven.book, proven.org_id)
            if organization is not None and organization.version == proven.organization.version:
                return proven
        return await self._prove_anew(raw, digest)

    async def _prove_anew(self, raw: str, digest: bytes) -> Principal:
        try:
            proven = await self._prove(raw)
        except Unauthorized:
            self._proven.pop(digest, None)
            raise
        if len(self._proven) >= _MOST_PROVEN:
            self._proven.clear()
        self._proven[digest] = proven
        return proven

    async def _prove(self, raw: str) -> Principal:
        presented = parse(raw) or await find_imported(self._handler, raw)
        organization = await self.organization(presented.book)
        if organization is not None and presented.key_id not in organization.keys:
            # Another process may have issued it a moment ago.
            organization = await self.organization(presented.book, by_now=True)
        if organization is None or presented.key_id not in organization.keys:
            raise InvalidApiKey
        key = organization.keys[presented.key_id]
        if not presented.opens(key):
            raise InvalidApiKey
        if key.revoked_at is not None:
            raise ApiKeyRevoked
        return Principal(str(presented.book), organization, key)

    async def organization(self, book: Book, *, by_now: bool = False) -> Organization | None:
        """None when there is no such organization."""
        return await self._handler.load_recent(Organization, str(book), book.org_id, by_now=by_now)

    async def note_use(self, principal: Principal) -> None:
        """Remembers that the key is in use; does nothing when that was noted within the hour."""
        key = principal.key
        if key is not None and key.use_is_worth_noting(self._handler.clock()):

            async def note(work: UnitOfWork) -> None:
                organization = await work.load_for_update(Organization, work.org_id)
                organization.note_key_use(key.key_id, work.now)

            await self._handler.perform(principal.book, note)
