"""How one change merges into a row in memory: code written once for each shape of change.

This runs about ten times for every fact there ever was, so it decides how long a rebuild takes.
A loop over the columns that asks each how it merges takes twice as long as the lines below, which
are generated from the same declarations, as `dataclasses` generates its methods.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from sqlalchemy import Table

from projections.rows import MergeKind, merge_of, value_names

# The values of a row, in the order of the table's columns; of a change, in that of its names.
Merger = Callable[[list[Any], Iterable[Any]], None]


@cache
def blank(table: Table) -> list[Any]:
    """A row of which nothing was stated."""
    kinds = [merge_of(table.columns[name]).kind for name in value_names(table)]
    if MergeKind.DERIVED in kinds:
        raise ValueError(f"{table.name} is derived: nothing is merged into it")
    return [0 if kind is MergeKind.SUM else None for kind in kinds]


@cache
def merger(table: Table, stated: tuple[str, ...]) -> Merger:
    """What merges a change that states these columns; raises KeyError for one there is not."""
    places = {name: place for place, name in enumerate(value_names(table))}
    unknown = set(stated) - set(places)
    if unknown:
        raise KeyError(f"{table.name} has no column {sorted(unknown)}")
    lines = [f"    {', '.join(f'v{number}' for number in range(len(stated)))}, = values"]
    for number, name in enumerate(stated):
        lines += _lines(table, name, f"row[{places[name]}]", f"v{number}", stated, places)
    scope: dict[str, Merger] = {}
    exec("\n".join(["def merge(row, values):", *lines]), scope)  # noqa: S102 (made of numbers only)
    return scope["merge"]


def _lines(
    table: Table,
    name: str,
    kept: str,
    new: str,
    stated: tuple[str, ...],
    places: dict[str, int],
) -> list[str]:
    match merge_of(table.columns[name]).kind:
        case MergeKind.SUM:
            return [f"    if {new} is not None: {kept} += {new}"]
        case MergeKind.LAST:
            return [f"    if {new} is not None: {kept} = {new}"]
        case MergeKind.FIRST:
            return [f"    if {kept} is None: {kept} = {new}"]
        case MergeKind.MIN:
            beyond = f"{new} < {kept}"
        case MergeKind.MAX:
            beyond = f"{new} >= {kept}"
        case _:
            # Its time column takes it along.
            return []
    taken = [f"        {kept} = {new}"]
    for other, place in places.items():
        if merge_of(table.columns[other]).of == name:
            value = f"v{stated.index(other)}" if other in stated else "None"
            taken.append(f"        row[{place}] = {value}")
    return [f"    if {new} is not None and ({kept} is None or {beyond}):", *taken]
