"""Deletion of an organization: with its test book, and its live book while nothing is in that."""

from dataclasses import dataclass
from typing import Final

from domain.book import Book, Mode
from domain.errors import Conflict
from domain.organization import Organization
from ledger.deletion import BookInUse
from ledger.ledger import Ledger

# What the ids of those begin with whom a live book must not have known.
_CUSTOMERS: Final = "cus_"
_PAYMENTS: Final = "pay_"
_LINKS: Final = "pl_"

# The live one first: where it may not go, nothing goes.
_IN_ORDER: Final[tuple[Mode, ...]] = ("live", "test")


class LiveBookInUse(Conflict):
    code = "live_book_in_use"

    def __init__(self, org_id: str) -> None:
        super().__init__(
            f"{org_id} has customers or payments in its live book, which is kept for ever: "
            "nothing was deleted",
            org_id=org_id,
        )


@dataclass(frozen=True)
class Contents:
    """What is in one book of an organization."""

    mode: Mode
    facts: int
    customers: int
    payments: int
    payment_links: int


def contents(ledger: Ledger, org_id: str) -> list[Contents]:
    """What there is to be deleted, book by book.

    Raises OrganizationNotFound when there is nothing, LiveBookInUse when it may not be.
    """
    found = [
        _contents(ledger, org_id, mode) for mode in _IN_ORDER if _is_there(ledger, org_id, mode)
    ]
    if not found:
        raise Organization.not_found(org_id)
    if any(each.mode == "live" and each.customers + each.payments for each in found):
        raise LiveBookInUse(org_id)
    return found


def delete_organization(ledger: Ledger, org_id: str) -> None:
    """Deletes its books, one after the other; when it is interrupted, it may be said again.

    Raises LiveBookInUse.
    """
    try:
        ledger.delete(str(Book(org_id, "live")), unless=(_CUSTOMERS, _PAYMENTS))
    except BookInUse:
        raise LiveBookInUse(org_id) from None
    ledger.delete(str(Book(org_id, "test")))


def _contents(ledger: Ledger, org_id: str, mode: Mode) -> Contents:
    book = str(Book(org_id, mode))
    counted = (ledger.count_streams(book, prefix) for prefix in (_CUSTOMERS, _PAYMENTS, _LINKS))
    return Contents(mode, ledger.head(book), *counted)


def _is_there(ledger: Ledger, org_id: str, mode: Mode) -> bool:
    """Not every book is one of an organization: an imported key has one too."""
    return bool(ledger.read_stream(str(Book(org_id, mode)), org_id))
