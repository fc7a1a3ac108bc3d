"""Attention: what of a book waits for somebody, counted up to a bound, since when.

Each count is read off an index, and no further than candidates.FEW.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from domain.invoice import DAYS_OF_GRACE
from projections.disputes import disputes
from projections.engine.folding.checkpoints import read_checkpoints
from projections.engine.folding.timestamps import instant_or_none, micros
from projections.engine.querying import candidates
from projections.invoices import invoices


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait; unless `is_exact` there are at least so many. `since` is of the first."""

    count: int
    since: datetime | None = None
    is_exact: bool = True


def what_waits(connection: Connection, book: str, *, now: datetime) -> dict[str, Waiting]:
    """By kind, also where nothing waits."""
    found = {kind: _counted(connection, rows) for kind, rows in _rows(book, now)}
    checkpoint = read_checkpoints(connection, [book]).get(book)
    is_parked = checkpoint is not None and checkpoint.parked_error is not None
    return {"parked_book": Waiting(int(is_parked)), **found}


def _rows(book: str, now: datetime) -> Iterator[tuple[str, Select[Any]]]:
    """Disputes that nobody has decided, and invoices that were to be paid and are not."""
    disputed, billed = disputes.c, invoices.c
    yield (
        "open_disputes",
        select(disputed.opened_at.label("since")).where(
            disputed.book == book, disputed.status == "open", disputed.opened_at.is_not(None)
        ),
    )
    unpaid = select(billed.due_at.label("since")).where(
        billed.book == book, billed.created_at.is_not(None)
    )
    yield "failed_invoices", unpaid.where(billed.status == "failed")
    yield (
        "overdue_invoices",
        unpaid.where(billed.status == "due", billed.due_at < micros(now - DAYS_OF_GRACE)),
    )


def _counted(connection: Connection, rows: Select[Any]) -> Waiting:
    some = rows.limit(candidates.FEW + 1).subquery()
    count, since = connection.execute(select(func.count(), func.min(some.c.since))).one()
    return Waiting(
        min(count, candidates.FEW), instant_or_none(since), is_exact=count <= candidates.FEW
    )
