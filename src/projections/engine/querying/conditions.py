"""Conditions that queries have in common: equal values, a range of time, and joins in a book."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_

from projections.engine.folding.timestamps import micros

Conditions = Iterator[ColumnElement[bool]]


def equal_to(rows: FromClause, filters: object, *names: str) -> Conditions:
    """Each named column equals the attribute of that name; an attribute of None does not ask."""
    for name in names:
        value = getattr(filters, name)
        if value is not None:
            yield rows.c[name] == value


def between(moment: ColumnElement[Any], start: datetime | None, end: datetime | None) -> Conditions:
    """The moment is stated, and `start` ≤ moment < `end`; None does not ask."""
    yield moment.is_not(None)
    if start is not None:
        yield moment >= micros(start)
    if end is not None:
        yield moment < micros(end)


def same(left: FromClause, right: FromClause, *names: str) -> ColumnElement[bool]:
    """What joins rows of one book that are alike in these columns."""
    return and_(*(left.c[name] == right.c[name] for name in ("book", *names)))
