"""Link codes: the code in the address of a payment link names the book it is in.

So a public page, to which nobody brings a key, reads one book only.
"""

import re
from typing import Final

from commands.handling.ids import Ids
from commands.handling.unit_of_work import UnitOfWork
from domain.book import Book
from domain.payment_link import PaymentLinkNotFound

CODE: Final = "link_code"

_SHAPE: Final = re.compile(r"lnk_([tl][0-9a-z]{26})[0-9a-z]{16}")


def new_code(ids: Ids, book: Book) -> str:
    """A code nobody can guess: its last sixteen characters are random."""
    return f"lnk_{book.short}{ids.code()}"


def book_of(code: str) -> str:
    """The book a code says it is from; raises PaymentLinkNotFound for what is no code."""
    match = _SHAPE.fullmatch(code)
    if match is None:
        raise PaymentLinkNotFound(code)
    return str(Book.from_short(match[1]))


def looks_like_a_code(text: str) -> bool:
    return _SHAPE.fullmatch(text) is not None


async def link_named(work: UnitOfWork, named: str) -> str:
    """The id of a link that is named by its id or by its code."""
    if not looks_like_a_code(named):
        return named
    link_id = await work.owner(CODE, named)
    if link_id is None:
        raise PaymentLinkNotFound(named)
    return link_id
