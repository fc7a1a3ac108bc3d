"""Faults: what a verification has found wrong, in sentences that tell nothing personal."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ledger.chain import BrokenChain
from projections.engine.rebuilding.compare import Difference
from projections.engine.rebuilding.verify import BookReport
from whence.verification import StoreReport, said

# Ids, books, currencies and moments.
_TELLS_NOBODY = re.compile(
    r"[a-z]+_[0-9a-z]{26}(/(test|live))?|[A-Z]{3}|\d{4}-\d\d(-\d\d(T[\d:.]+Z)?)?"
)


class Fault(NamedTuple):
    """`book` is the empty text where it is the whole store's."""

    book: str
    sentence: str


def faults_in(report: StoreReport) -> Iterator[Fault]:
    """In the order in which they are looked for."""
    yield from (Fault("", f"the database says: {each}") for each in report.integrity.faults)
    yield from (Fault(claim.book, str(claim)) for claim in report.claims)
    yield from (Fault(reply.book, str(reply)) for reply in report.replies)
    for book in report.views.books:
        yield from (Fault(book.book, sentence) for sentence in _faults_of_a_book(book))


def _faults_of_a_book(report: BookReport) -> Iterator[str]:
    if isinstance(report.chain, BrokenChain):
        yield said(report.chain)
    if report.checkpoint.parked_error is not None:
        yield (
            f"{report.book}: parked at position {report.checkpoint.parked_position}: "
            f"{report.checkpoint.parked_error}"
        )
    if not report.is_of_this_ledger:
        yield f"{report.book}: its views were folded from other facts than the ledger has"
    for table in report.tables:
        if table.difference is not None:
            yield f"{report.book}: {table.name}: {_told(table.difference)}"


def _told(difference: Difference) -> str:
    row = ", ".join(f"{name}={_shown(value)}" for name, value in difference.key.items())
    if difference.column is not None:
        return (
            f"the row {row} has {difference.column}={_shown(difference.found)}, "
            f"the facts say {_shown(difference.expected)}"
        )
    if difference.found is None:
        return f"the row {row} is missing"
    return f"the row {row} should not be there"


# Names and addresses of people stand in rows as well, and an error must not print them.
def _shown(value: Any) -> str:
    if isinstance(value, str) and not _TELLS_NOBODY.fullmatch(value):
        return f"(a text of {len(value)})"
    return str(value) if isinstance(value, (str, int, float, bool, type(None))) else "(a value)"
