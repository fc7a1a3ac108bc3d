"""How does a link's address say which book it is in? By its code, which names the book.

So a public page, to which nobody brings a key, reads one book only.
"""

import re
from typing import Final

from commands.handling.ids import Ids
from domain.book import Book
from domain.payment_link import PaymentLinkNotFound

CODE: Final = "link_code"

_SHAPE: Final = re.compile(r"lnk_([tl])([0-9a-z]{26})([0-9a-z]{16})")


def new_code(ids: Ids, book: Book) -> str:
    """A code nobody can guess: its last sixteen characters are random."""
    return f"lnk_{book.mode[0]}{book.org_id.removeprefix('org_')}{ids.code()}"


def book_of(code: str) -> str:
    """The book a code says it is from; raises PaymentLinkNotFound for what is no code."""
    match = _SHAPE.fullmatch(code)
    if match is None:
        raise PaymentLinkNotFound(code)
    mode, org, _ = match.groups()
    return str(Book(f"org_{org}", "test" if mode == "t" else "live"))


def looks_like_a_code(text: str) -> bool:
    return _SHAPE.fullmatch(text) is not None
