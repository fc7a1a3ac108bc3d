"""Merging in memory: code generated from the merges that the tables declare.

It runs about ten times for every fact there ever was, so it decides how long a rebuild takes. A
loop that asks each column how it merges takes several times as long as the lines below, which are
generated from the same declarations, as `dataclasses` generates its methods.

    def changed_rows(book):
        rows = {}
        get = rows.get
        def merge(key, spent=None, first_at=None, first_source=None):
            row = get(key)
            if row is None:
                buyer, currency, = key
                if buyer is None or currency is None: raise ValueError(f'… is not a key of …')
                rows[key] = [book, buyer, currency, spent or 0, first_at, …]
                return
            if spent: row[3] += spent
            if first_at is not None and (row[4] is None or first_at < row[4]):
                row[4] = first_at
                row[5] = first_source
        return rows, merge
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import Table

from projections.engine.folding.tables import MergeKind, key_names, merge_of, value_names

# To be raised whenever the engine gives other rows for the same facts and folds (by the merges here
# and in upsert.py, by derivation, by how a moment becomes microseconds): every store is then
# rebuilt at its first start. What read models say themselves is seen without it.
ENGINE_VERSION = 1

Key = tuple[Any, ...]
# By the key of each: book, key and values, in the order in which they are written.
ChangedRows = dict[Key, list[Any]]
# Merges values, by the names of their columns, into the row of a key.
MergeRow = Callable[..., None]


@cache
def row_maker(table: Table) -> Callable[[str], tuple[ChangedRows, MergeRow]]:
    """What makes the rows of a book in this table, none as yet, and their merge."""
    scope: dict[str, Any] = {}
    exec("\n".join(_lines(table)), scope)  # noqa: S102 (made of the names of our own columns)
    made: Callable[[str], tuple[ChangedRows, MergeRow]] = scope["changed_rows"]
    return made


def _lines(table: Table) -> Iterator[str]:
    keys, values = key_names(table), value_names(table)
    places = {name: place for place, name in enumerate(("book", *keys, *values))}
    first_values = ", ".join(("book", *keys, *(_first_value(table, name) for name in values)))
    yield "def changed_rows(book):"
    yield "    rows = {}"
    yield "    get = rows.get"
    yield f"    def merge(key{''.join(f', {name}=None' for name in values)}):"
    yield "        row = get(key)"
    yield "        if row is None:"
    wrong = f"raise ValueError(f'{{key}} is not a key of {table.name}')"
    if keys:
        yield f"            {', '.join(keys)}, = key"
    yield f"            if {' or '.join(f'{name} is None' for name in keys) or 'key'}: {wrong}"
    yield f"            rows[key] = [{first_values}]"
    yield "            return"
    for name in values:
        yield from (f"        {line}" for line in _merging(table, name, places))
    yield "    return rows, merge"


def _first_value(table: Table, name: str) -> str:
    merge = merge_of(table.columns[name])
    match merge.kind:
        case MergeKind.DERIVED:
            raise ValueError(f"{table.name} is derived: nothing is merged into it")
        case MergeKind.SUM:
            return f"{name} or 0"
        case MergeKind.AT_EARLIEST | MergeKind.AT_LATEST:
            return f"None if {merge.of} is None else {name}"
        case _:
            return name


def _merging(table: Table, name: str, places: dict[str, int]) -> list[str]:
    kept = f"row[{places[name]}]"
    match merge_of(table.columns[name]).kind:
        case MergeKind.SUM:
            return [f"if {name}: {kept} += {name}"]
        case MergeKind.LAST:
            return [f"if {name} is not None: {kept} = {name}"]
        case MergeKind.FIRST:
            return [f"if {name} is not None and {kept} is None: {kept} = {name}"]
        case MergeKind.MIN:
            beyond = f"{name} < {kept}"
        case MergeKind.MAX:
            beyond = f"{name} >= {kept}"
        case _:
            # Its time column takes it along.
            return []
    followers = [each for each in places if _follows(table, each, name)]
    return [
        f"if {name} is not None and ({kept} is None or {beyond}):",
        f"    {kept} = {name}",
        *(f"    row[{places[each]}] = {each}" for each in followers),
    ]


def _follows(table: Table, name: str, time: str) -> bool:
    return merge_of(table.columns[name]).of == time
