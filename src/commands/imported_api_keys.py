"""Imported API keys: a key made elsewhere names no book, so a book of its own names it.

A key such as ``sk_test_…`` has a book called after its SHA-256, with one fact in it: whose it is
and which key it stands for. The rest is like any other key.
"""

import re
from contextlib import suppress
from hashlib import sha256
from typing import Final

from commands.api_keys import IssueKey
from commands.handling.handler import CommandHandler, Context
from commands.handling.unit_of_work import UnitOfWork
from commands.key_format import PresentedKey, parse
from domain.api_key import InvalidApiKey, Key
from domain.book import Book, Mode
from domain.errors import Conflict, NotFound, RuleBroken
from domain.imported_key import ImportedKey
from domain.organization import Organization

_SHAPE: Final = re.compile(r"(?:pfk|sk|pk)_(test|sandbox|live)_[\x21-\x7e]{16,200}")


class NotImportable(RuleBroken):
    code = "validation_error"

    def __init__(self) -> None:
        super().__init__("a key to import looks like sk_test_… or sk_live_…", field="key")


class KeyExists(Conflict):
    code = "api_key_already_exists"

    def __init__(self) -> None:
        super().__init__("this key has been imported before")


async def import_key(
    handler: CommandHandler, org_id: str, raw: str, command: IssueKey, *, context: Context
) -> Key:
    """Lets a key made elsewhere open the organization's book of the mode its prefix names.

    The organization learns of the key first: should the rest fail, nothing opens, and importing
    again makes it good.
    """
    book = _book_of(raw)
    # A key of our own form names its book itself, and is never looked for elsewhere.
    if book is None or parse(raw) is not None:
        raise NotImportable
    if await handler.load_recent(ImportedKey, str(book), _stream(book)) is not None:
        raise KeyExists

    async def issue(work: UnitOfWork) -> Key:
        organization = await work.load_for_update(Organization, work.org_id)
        key_id = work.ids.new("key")
        organization.issue_key(
            key_id,
            name=command.name,
            scopes=command.scopes,
            secret_sha256=sha256(raw.encode()).hexdigest(),
            now=work.now,
        )
        return organization.key(key_id)

    key = await handler.perform(str(Book(org_id, book.mode)), issue, context=context)

    async def bring_in(work: UnitOfWork) -> None:
        with suppress(NotFound):
            await work.load_for_update(ImportedKey, _stream(book))
            raise KeyExists
        work.add(
            ImportedKey.bring_in(_stream(book), org_id=org_id, key_id=key.key_id, now=work.now)
        )

    await handler.perform(str(book), bring_in, context=context)
    return key


async def find_imported(handler: CommandHandler, raw: str) -> PresentedKey:
    """What an imported key stands for; raises InvalidApiKey when it was never imported."""
    book = _book_of(raw)
    if book is None:
        raise InvalidApiKey
    imported = await handler.load_recent(ImportedKey, str(book), _stream(book))
    if imported is None:
        raise InvalidApiKey
    return PresentedKey(Book(imported.org_id, book.mode), imported.key_id, secret=raw)


def _book_of(raw: str) -> Book | None:
    match = _SHAPE.fullmatch(raw)
    if match is None:
        return None
    mode: Mode = "live" if match[1] == "live" else "test"
    return Book(f"key_{sha256(raw.encode()).hexdigest()}", mode)


def _stream(book: Book) -> str:
    return book.org_id[: len("key_") + 26]
