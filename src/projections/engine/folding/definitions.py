"""Definitions: a complete set of views, and the digest that tells whether another's tables fit."""

import ast
import hashlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

from sqlalchemy import MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from domain.fact import Fact
from ledger.facts import FactMapper
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.checkpoints import CHECKPOINTS
from projections.engine.folding.derived_tables import Derived
from projections.engine.folding.merging import ENGINE_VERSION
from projections.engine.folding.readable_views import ReadableView
from projections.engine.folding.searchable_text import searchable
from projections.engine.folding.tables import merge_of
from projections.engine.folding.text_index import SearchIndex

# It is run for the facts its first argument names: `Recorded[Payment.Failed]`.
Fold = Callable[[Recorded[Any], Changes], None]
F = TypeVar("F", bound=Fold)


def ignoring(*facts: Any) -> Callable[[F], F]:
    """Name the facts, classes or unions of them, that a fold leaves alone on purpose.

    A fact that a fold neither folds nor names here fails a test.
    """

    def named(fold: F) -> F:
        vars(fold)["ignored"] = tuple(kind for each in facts for kind in _kinds(each))
        return fold

    return named


@cache
def folded_by(fold: Fold) -> tuple[type[Fact], ...]:
    """The facts a fold is about, by what it says its first argument is; without a word, all."""
    recorded = next(iter(get_type_hints(fold).values()))
    return _kinds(next(iter(get_args(recorded)), Fact))


def ignored_by(fold: Fold) -> tuple[type[Fact], ...]:
    """The facts a fold leaves alone on purpose."""
    ignored: tuple[type[Fact], ...] = vars(fold).get("ignored", ())
    return ignored


def _kinds(facts: Any) -> tuple[type[Fact], ...]:
    return get_args(facts) or (facts,)


@dataclass(frozen=True, slots=True)
class Definitions:
    """A complete set of views: their tables, the folds that fill them, what follows from rows.

    No two folds write one table. `name` is where other processes find this: `module:attribute`.
    A snapshot as of a moment reads its facts by `mapper_as_of` and has `folds_as_of` beside the
    others, which may write into their tables; no stored row depends on these. `readable` are for
    people, beside the tables.
    """

    metadata: MetaData
    folds: tuple[Fold, ...]
    derived: tuple[Derived, ...] = ()
    searched: tuple[SearchIndex, ...] = ()
    name: str | None = None
    mapper_as_of: Callable[[datetime], FactMapper] | None = None
    folds_as_of: tuple[Fold, ...] = ()
    readable: tuple[ReadableView, ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables, derived ones included, in the order of their names."""
        return tuple(sorted(self.metadata.tables.values(), key=lambda table: table.name))

    @property
    def derived_tables(self) -> tuple[Table, ...]:
        return tuple(each.table for each in self.derived)

    @property
    def folded(self) -> tuple[Table, ...]:
        """The tables that folds fill."""
        return tuple(table for table in self.tables if table not in self.derived_tables)

    def digest(self) -> str:
        """64 hex digits that change whenever the same facts might give other rows.

        Comments, docstrings and layout of the fold modules do not count; their queries do, being in
        the same file: a rebuild too many is cheap, a wrong row is not. The engine counts by its
        ENGINE_VERSION.
        """
        return _digest(self)


@cache
def _digest(definitions: Definitions) -> str:
    tables = (*definitions.tables, *CHECKPOINTS.sorted_tables)
    parts = [f"engine {ENGINE_VERSION}", *map(_table_text, tables)]
    parts += [f"{each.__module__}.{each.__qualname__}" for each in definitions.folds]
    parts += [each.table.name for each in definitions.derived]
    parts += [each.statement("sqlite", None) for each in definitions.readable]
    parts += [f"{each.name} by {each.position}" for each in definitions.searched]
    modules = {fold.__module__ for fold in definitions.folds}
    modules |= {each.compute.__module__ for each in definitions.derived}
    modules |= {type(each).__module__ for each in definitions.searched}
    modules.add(searchable.__module__)
    parts += [_source(module) for module in sorted(modules)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _table_text(table: Table) -> str:
    columns = [f"{c.name} {c.type} {c.nullable} {merge_of(c)}" for c in table.columns]
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    indexes = sorted({str(CreateIndex(each).compile(dialect=dialect)) for each in table.indexes})
    return "\n".join([table.name, *columns, *indexes])


def _source(module: str) -> str:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
