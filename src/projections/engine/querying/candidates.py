"""Candidate lookup: few rows are looked up one by one, many are walked in order.

A list in order comes off an index, and what does not fit is left out on the way: quick as long as
many fit. Where few do, they are found through the index of what is asked for, and sorted.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, Unpack

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    TableValuedAlias,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from projections.engine.querying.pages import Page, PageArguments

T = TypeVar("T")

# So many are still few.
FEW = 5_000
_VERY_FEW = 100


@dataclass(frozen=True, slots=True)
class Candidates:
    """The ids an index path led to: all of them when `complete`, else the first FEW."""

    index_path: Select[Any]
    ids: list[str]
    complete: bool


def candidates(connection: Connection, index_paths: Iterable[Select[Any]]) -> Candidates | None:
    """What the shortest of these leads to; None without any. Each selects ids."""
    found: Candidates | None = None
    for index_path in index_paths:
        most = FEW if found is None else len(found.ids)
        ids = connection.execute(index_path.limit(most + 1)).scalars().all()
        if found is None or len(ids) <= most:
            found = Candidates(index_path, list(dict.fromkeys(ids[:most])), len(ids) <= most)
        if found.complete and len(found.ids) <= _VERY_FEW:
            break
    return found


def among(
    connection: Connection, column: ColumnElement[str], ids: Sequence[str]
) -> ColumnElement[bool]:
    """The condition that `column` is one of so many ids, as one parameter."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(ids), type_=ARRAY(Text)))
    return column.in_(select(listed(connection, ids).c.value))


def listed(connection: Connection, ids: Sequence[str]) -> TableValuedAlias:
    """So many ids, as one parameter, to select their `value` from."""
    if connection.dialect.name == "postgresql":
        each = func.unnest(bindparam(None, list(ids), type_=ARRAY(Text)))
        return each.table_valued("value").render_derived()
    return func.json_each(bindparam(None, json.dumps(ids), type_=String)).table_valued("value")


def counted_up_to_few(
    connection: Connection,
    rows: Select[Any],
    page: Page[T],
    *,
    complete: bool = True,
    **request: Unpack[PageArguments],
) -> Page[T]:
    """The page with a total: how many rows there are, exact up to FEW, else at least so many.

    Unless `complete` there may be more than these. What the page that was asked for shows counts
    too: where it shows the end of the list, nothing more is read.
    """
    offset, cursor = request.get("offset", 0), request.get("cursor")
    shown = len(page.rows) + (0 if cursor else offset)
    if not cursor and page.next_cursor is None and (page.rows or not offset):
        return replace(page, total=shown)
    some = rows.limit(FEW + 1).subquery()
    count = int(connection.execute(select(func.count()).select_from(some)).scalar_one())
    total, is_exact = max(min(count, FEW), shown), complete and count <= FEW
    return replace(page, total=total, total_is_exact=is_exact)
