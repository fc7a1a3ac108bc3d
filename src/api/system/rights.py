"""Rights over a store: who may see figures of the whole of it, and have all of it worked on."""

import asyncio
from dataclasses import dataclass
from typing import Final

from api.http.errors import Forbidden
from api.http.request import ApiRequest
from domain.book import Book
from ledger.ledger import Ledger

OPERATE: Final = "system:operate"

# Each has two books.
_BOOKS_OF_ONE: Final = 2


@dataclass(frozen=True)
class Rights:
    """``is_shared``: there are several organizations, none of which may learn of another.

    ``sees_figures``: of the whole store; ``sees_positions``, and faults, of the own books;
    ``sees_store_faults``: those of the store as such, which may name any book. ``sees_service``:
    which processes there are, where, and which books of all are parked.
    """

    is_shared: bool
    operates: bool
    sees_figures: bool
    sees_positions: bool
    sees_store_faults: bool
    sees_service: bool


async def rights_of(request: ApiRequest) -> Rights:
    caller, parts = request.caller, request.dependencies
    is_shared = await asyncio.to_thread(_holds_several, parts.ledger)
    may = not is_shared or parts.system.let_operate(caller.org_id)
    operates = may and caller.may(OPERATE)
    sees_figures = not is_shared and request.reads_customers
    return Rights(
        is_shared=is_shared,
        operates=operates,
        sees_figures=sees_figures,
        sees_positions=request.reads_customers,
        sees_store_faults=sees_figures and caller.opens_both,
        sees_service=not is_shared or operates,
    )


async def must_operate(request: ApiRequest) -> None:
    """Raises Forbidden where the store is others' as well, unless the operator lets this one."""
    if not (await rights_of(request)).operates:
        raise Forbidden(
            "store_is_shared",
            "several organizations share this store: whoever runs it does this on the machine, "
            "with `whence rebuild` or `whence verify`",
        )


def _holds_several(ledger: Ledger) -> bool:
    books = ledger.first_books("org_", _BOOKS_OF_ONE + 1)
    return len({Book.named(each).org_id for each in books}) > 1
