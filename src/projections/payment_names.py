"""Payment names: what one payment is asked for by, whole: a reference, a provider's, a receipt's.

Kept as digests, so that the key holds a text of any length.
"""

import hashlib
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from domain.payment import Payment
from domain.receipt_number import end_of_id
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.searchable_text import searchable
from projections.engine.folding.tables import key, latest, view
from projections.payments import payments

# Of an id, what stands on the receipt.
_DRAWN = 12
_DIGITS = 32

payment_names = view(
    "payment_names",
    key("name"),
    key("payment_id"),
    latest("named_position"),
)


Naming = Payment.Created | Payment.ProcessingStarted | Payment.Authorized | Payment.Succeeded


@ignoring(
    *(Payment.Amended, Payment.CustomerAttached, Payment.MethodSelected, Payment.ActionRequired),
    *(Payment.PartiallyCaptured, Payment.Failed, Payment.Canceled, Payment.RestReleased),
    *(Payment.Expired, Payment.Retried, Payment.Refunded, Payment.DisputeOpened),
    *(Payment.DisputeWon, Payment.DisputeLost, Payment.ReceiptRequested),
)
def fold(recorded: Recorded[Naming], changes: Changes) -> None:
    fact = recorded.fact
    match fact:
        case Payment.Created():
            names = [end_of_id(fact.originator_id[-_DRAWN:]), fact.reference]
        case _:
            names = [fact.provider_ref_id]
    for name in filter(None, names):
        key = (_digest(name), fact.originator_id)
        changes.of(payment_names).merge(key, named_position=recorded.position)


def ids_named(book: str, typed: str) -> Select[Any]:
    """The ids of the payments that are called so, whatever the case, or have this id."""
    column = payment_names.c
    named = column.book == book, column.name.in_([*_digests(typed)])
    known = select(payments.c.payment_id).where(_is(book, typed))
    every = known.union_all(select(column.payment_id).where(*named)).subquery("named")
    return select(every.c.payment_id)


def _is(book: str, typed: str) -> ColumnElement[bool]:
    return (payments.c.book == book) & (payments.c.payment_id == typed.strip())


def _digests(typed: str) -> set[str]:
    plain = typed.strip()
    return {_digest(each) for each in (plain, end_of_id(searchable(plain))) if each}


def _digest(name: str) -> str:
    return hashlib.sha256(searchable(name).encode()).hexdigest()[:_DIGITS]
