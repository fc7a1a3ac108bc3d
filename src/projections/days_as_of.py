"""Days as of a moment: what moved in each quarter of an hour and day, from rows of payments."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    func,
    literal,
    literal_column,
    select,
    true,
    union_all,
)

from projections.engine.folding.timestamps import DAY, QUARTER
from projections.payment_movements import (
    MEASURES,
    MovementFilter,
    MovementKey,
    payment_movements,
    sums,
)
from projections.rows_as_of import Names
from projections.totals_as_of import NONE


def recomputed_revenue(book: str, names: Names) -> Select[Any]:
    moved = payment_movements(book, MovementFilter(), None, None, by=["currency", "source"]).c
    keys = {
        "currency": moved.currency,
        "source": moved.source,
        "quarter_at": moved.moved_at - moved.moved_at % _number(QUARTER),
    }
    quarters = _movements(book, keys, moved, [*keys, *MEASURES]).subquery("quarters")
    each = (select(_number(length).label("length")) for length in (QUARTER, DAY))
    lengths = union_all(*each).subquery("lengths")
    added_up = {
        "currency": quarters.c.currency,
        "source": quarters.c.source,
        "length": lengths.c.length,
        "starts_at": quarters.c.quarter_at - quarters.c.quarter_at % lengths.c.length,
    }
    of_any_length = quarters.join(lengths, true())
    return _movements(book, added_up, quarters.c, names).select_from(of_any_length)


def recomputed_payment_mix(book: str, names: Names) -> Select[Any]:
    ways: tuple[MovementKey, ...] = ("currency", "source", "method", "provider")
    by = [name for name in ways if name in names]
    moved = payment_movements(book, MovementFilter(), None, None, by=by).c
    keys: dict[str, ColumnElement[Any]] = {name: func.coalesce(moved[name], NONE) for name in by}
    keys["day_at"] = moved.moved_at - moved.moved_at % _number(DAY)
    return _movements(book, keys, moved, names)


def _movements(
    book: str, keys: Mapping[str, ColumnElement[Any]], moved: Any, names: Names
) -> Select[Any]:
    """Sums of what moved, by those of the keys that are asked for."""
    by = {name: column for name, column in keys.items() if name in names}
    figures = dict(zip(MEASURES, sums(moved), strict=True))
    return select(
        literal(book).label("book"),
        *(column.label(name) for name, column in by.items()),
        *(figures[name] for name in sorted(set(names) - by.keys() - {"book"})),
    ).group_by(*by.values())


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), BigInteger)
