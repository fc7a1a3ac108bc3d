"""Chained pages: a list read in parts, one after the other, each in an order of its own.

So each part can come off its own index, where one query for all of them would have to sort.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Unpack

from sqlalchemy import Connection, Row, Select, func, select

from projections.engine.querying.pages import (
    BadCursor,
    By,
    Page,
    PageArguments,
    belongs,
    cursor_at,
    fetch_page,
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of the list, and their order. No two parts share a row or an order."""

    rows: Select[Any]
    order: tuple[By, ...]


def fetch_chained_page(
    connection: Connection,
    parts: Sequence[Part],
    **request: Unpack[PageArguments],
) -> Page[Row[Any]]:
    """As `fetch_page`, over the parts one after the other. Raises BadCursor."""
    limit, offset, cursor = request["limit"], request.get("offset", 0), request.get("cursor")
    rows: list[Row[Any]] = []
    first = 0 if cursor is None else _part_of(parts, cursor)
    for place in range(first, len(parts)):
        part = parts[place]
        page = fetch_page(
            connection,
            part.rows,
            part.order,
            limit=limit - len(rows),
            offset=offset,
            cursor=cursor,
        )
        rows += page.rows
        if page.next_cursor is not None:
            return Page(rows, None, page.next_cursor)
        last_of_part = tuple(rows[-1])[-len(part.order) :] if page.rows else None
        following = parts[place + 1 :]
        if len(rows) == limit and last_of_part is not None and _any(connection, following):
            return Page(rows, None, cursor_at(part.order, last_of_part))
        if offset and not page.rows:
            offset -= _count(connection, part)
        else:
            offset = 0
        cursor = None
    return Page(rows, None, None)


def _part_of(parts: Sequence[Part], cursor: str) -> int:
    for place, part in enumerate(parts):
        if belongs(cursor, part.order):
            return place
    raise BadCursor


def _any(connection: Connection, parts: Sequence[Part]) -> bool:
    return any(connection.execute(part.rows.limit(1)).first() is not None for part in parts)


def _count(connection: Connection, part: Part) -> int:
    counted = select(func.count()).select_from(part.rows.subquery())
    return int(connection.execute(counted).scalar_one())
