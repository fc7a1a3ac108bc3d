"""Derivation: computes derived rows again, of the keys a batch touched or of a whole book.

What was there for these keys is taken out first, in the same transaction, so that a key which has
no row any more has none.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Connection,
    Delete,
    FromClause,
    Insert,
    Select,
    String,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    select,
    tuple_,
    type_coerce,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY

from ledger.distribution import is_distributed
from projections.engine.folding.changes import Changes
from projections.engine.folding.derived_tables import Derived
from projections.engine.folding.tables import key_names

Keys = set[tuple[Any, ...]]

_BOOK = bindparam("derived_book", type_=Text)


def derive_touched(
    connection: Connection, derived: Sequence[Derived], changes: Iterable[Changes]
) -> None:
    """Compute what follows from the rows these changes touched, `derived` in its order."""
    touched = [
        (each.book, {table.name: each.of(table).by_key for table in each.tables()})
        for each in changes
    ]
    dialect = connection.dialect.name
    found: dict[str, Keys] = {}
    for each in derived:
        keys: Keys = set()
        for source in each.sources:
            places = _places(each, source.name)
            keys |= found.get(source.name, set()) and {
                (key[0], *(key[1 + place] for place in places)) for key in found[source.name]
            }
            for book, tables in touched:
                for key in tables.get(source.name, ()):
                    keys.add((book, *(key[place] for place in places)))
        found[each.table.name] = keys
        if is_distributed(connection):
            for book, of_book in groupby(sorted(keys), itemgetter(0)):
                parameters = _parameters(dialect, list(of_book)) | {"derived_book": book}
                for statement in _for_touched_of_book(each):
                    connection.execute(statement, parameters)
        elif keys:
            parameters = _parameters(dialect, sorted(keys))
            for statement in _for_touched(each, dialect):
                connection.execute(statement, parameters)


def derive_book(connection: Connection, derived: Sequence[Derived], book: str) -> None:
    """Compute all derived rows of one book, `derived` in its order."""
    for each in derived:
        for statement in _for_book(each):
            connection.execute(statement, {"derived_book": book})


@dataclass(frozen=True, slots=True)
class _Statements:
    clear: Delete
    fill: Insert

    def __iter__(self) -> Any:
        return iter((self.clear, self.fill))


@cache
def _places(derived: Derived, source: str) -> tuple[int, ...]:
    """Where the keys of the derived table stand among those of a source."""
    table = next(each for each in derived.sources if each.name == source)
    names = key_names(table)
    return tuple(names.index(name) for name in key_names(derived.table))


@cache
def _for_touched(derived: Derived, dialect: str) -> _Statements:
    touched = _sqlite_keys(derived) if dialect == "sqlite" else _postgresql_keys(derived)
    keys = [derived.table.columns[name] for name in _keys(derived)]
    chosen = select(*(touched.c[name] for name in _keys(derived)))
    return _Statements(
        delete(derived.table).where(tuple_(*keys).in_(chosen)), _fill(derived, touched)
    )


@cache
def _for_touched_of_book(derived: Derived) -> _Statements:
    touched = _of_book(derived, _postgresql_keys(derived, "found"))
    names = _keys(derived)
    keys = [derived.table.columns[name] for name in names]
    chosen = select(*(touched.c[name] for name in names))
    clear = delete(derived.table).where(
        derived.table.columns["book"] == _BOOK, tuple_(*keys).in_(chosen)
    )
    return _Statements(clear, _fill(derived, touched))


def _of_book(derived: Derived, keys: FromClause) -> FromClause:
    """The keys again, with the book named: so the tables they are joined with name it too."""
    others = (keys.c[name] for name in key_names(derived.table))
    return select(_BOOK.label("book"), *others).select_from(keys).subquery("touched")


@cache
def _for_book(derived: Derived) -> _Statements:
    sources = [
        select(*(source.columns[name] for name in _keys(derived)))
        .where(source.columns["book"] == _BOOK)
        .distinct()
        for source in derived.sources
    ]
    keys = (union(*sources) if len(sources) > 1 else sources[0]).subquery("found")
    touched = _of_book(derived, keys)
    clear = delete(derived.table).where(derived.table.columns["book"] == _BOOK)
    return _Statements(clear, _fill(derived, touched))


def _fill(derived: Derived, touched: FromClause) -> Insert:
    rows: Select[Any] = derived.compute(touched)
    names = [each.name for each in rows.selected_columns]
    if set(names) != {each.name for each in derived.table.columns}:
        raise ValueError(f"{derived.table.name} is not what its query selects: {names}")
    return insert(derived.table).from_select(names, rows)


def _keys(derived: Derived) -> tuple[str, ...]:
    return ("book", *key_names(derived.table))


def _sqlite_keys(derived: Derived) -> FromClause:
    each = func.json_each(bindparam("touched_keys", type_=String)).table_valued("value")
    return select(
        *(
            type_coerce(
                func.json_extract(each.c.value, f"$[{place}]"), derived.table.columns[name].type
            ).label(name)
            for place, name in enumerate(_keys(derived))
        )
    ).subquery("touched")


def _postgresql_keys(derived: Derived, name: str = "touched") -> FromClause:
    kinds = [derived.table.columns[name].type for name in _keys(derived)]
    arrays = [
        cast(bindparam(f"touched_{place}"), ARRAY(Text if isinstance(kind, Text) else kind))
        for place, kind in enumerate(kinds)
    ]
    names = [column(name, kind) for name, kind in zip(_keys(derived), kinds, strict=True)]
    return func.unnest(*arrays).table_valued(*names).render_derived(name=name)


def _parameters(dialect: str, keys: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    if dialect == "sqlite":
        return {"touched_keys": json.dumps(keys)}
    return {
        f"touched_{place}": list(values) for place, values in enumerate(zip(*keys, strict=True))
    }
