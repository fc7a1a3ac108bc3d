"""Statement scope: whether a statement stays within books. What is sent, and the rule it must keep.

Every table that is spread by book must be reached through its book: compared with a value, or with
the book of something that is. On a cluster (`alone=True`) with the value of one book, because only
such a statement goes whole to the machine that has it; what Citus takes for many books as well is
an insert of given rows, and plain reading of one table.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from pglast import ast, enums, parse_sql
from sqlalchemy import Engine, event, make_url

# They define tables or look after them, or begin and end transactions: no rows are named.
_NOT_OVER_ROWS = (
    ast.AlterTableStmt,
    ast.CreateExtensionStmt,
    ast.CreateSchemaStmt,
    ast.CreateStmt,
    ast.DropStmt,
    ast.IndexStmt,
    ast.TransactionStmt,
    ast.VacuumStmt,
    ast.VariableSetStmt,
    ast.ViewStmt,
)
_OF_NO_BOOK = {("whence", "alembic_version")}


# What need not name a book, and why.
_EVERY_BOOK = {
    "lists them": (
        r"SELECT \S+books\.book(, \S+books\.position)? FROM \S+books"
        r"( WHERE \S+books\.position >= \S+)? ORDER BY \S+books\.book"
    ),
    "looks for the first of them": (
        r"SELECT \S+books\.book FROM \S+books WHERE \S+books\.position >= \S+ "
        r"AND \(\S+books\.book LIKE .+\) ORDER BY \S+books\.book LIMIT \S+"
    ),
    "lists those that were deleted": (
        r"SELECT \S+books\.book FROM \S+books WHERE \S+books\.position < \S+"
    ),
    "lists those in which something is due": (
        r"SELECT \S+books\.book FROM \S+books WHERE EXISTS \(SELECT \S+claims\.book "
        r"FROM \S+claims WHERE \S+claims\.book = \S+books\.book AND .+\) ORDER BY \S+books\.book"
    ),
    "lists those whose views are behind": (
        r"SELECT \S+books\.book, .+ FROM \S+books LEFT OUTER JOIN \S+checkpoints "
        r"ON \S+checkpoints\.book = \S+books\.book WHERE \S+books\.position > coalesce\(.+\) "
        r"OR \S+books\.position < \S+ AND \S+checkpoints\.book IS NOT NULL"
    ),
    "looks how far the views of each have come": (
        r"SELECT \S+checkpoints\.book, (\S+checkpoints\.\w+,? )+FROM \S+checkpoints"
    ),
    "lists those that are parked": (
        r"SELECT \S+checkpoints\.book FROM \S+checkpoints "
        r"WHERE \S+checkpoints\.parked_error IS NOT NULL ORDER BY \S+checkpoints\.book"
    ),
    "looks whether views know more than the ledger": (
        r"SELECT \S+checkpoints\.book FROM \S+checkpoints LEFT OUTER JOIN \S+books "
        r"ON \S+books\.book = \S+checkpoints\.book WHERE .+"
    ),
    "verifies all there is": (
        r"SELECT (views_n\.(\w+)\.\w+,? )+FROM views_n\.\2 ORDER BY (views_n\.\2\.\w+,? ?)+"
    ),
    "looks whether views were taken away": (r'SELECT EXISTS \(SELECT 1 FROM views_n\."?\w+"?\)'),
    "looks how much there is to move": (
        r"SELECT sum\(\S+books\.position\) AS sum_1 FROM \S+books WHERE \S+books\.position >= \S+"
    ),
    "looks whether there is one": (
        r"SELECT \S+books\.book FROM \S+books( WHERE \S+books\.position >= \S+)? LIMIT \S+"
    ),
}
# A cluster would gather all rows on one machine, and sort them there.
_EVERY_BOOK_OF_ONE_MACHINE = {
    "moves house": (
        r"SELECT (whence\.(\w+)\.\w+,? )+FROM whence\.\2 ORDER BY (whence\.\2\.\w+,? ?)+"
    ),
    "looks whether views hold anything": r'SELECT EXISTS \(SELECT 1 FROM views_n\."\w+"\)',
}
# Each machine has its own.
_CLOCKS = {"clock_timestamp", "now", "statement_timestamp", "transaction_timestamp"}


def offences(sent: Iterable[str], *, alone: bool = False) -> dict[str, list[str]]:
    """The statements that leave their books and are not allowed to, with what they reach."""
    reached = {plainly(each): strays(each, alone=alone) for each in sorted(sent)}
    allowed = _EVERY_BOOK if alone else _EVERY_BOOK | _EVERY_BOOK_OF_ONE_MACHINE
    return {
        each: found
        for each, found in reached.items()
        if found and not any(re.fullmatch(rule, each) for rule in allowed.values())
    }


@contextmanager
def recorded(*urls: str) -> Iterator[set[str]]:
    """Every statement that goes meanwhile to these databases of PostgreSQL, from whatever engine.

    Without any: to each there is, also by what other tests have running in this process.
    """
    sent: set[str] = set()
    names = {make_url(url).database for url in urls}

    def note(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        is_theirs = not names or connection.engine.url.database in names
        if connection.dialect.name == "postgresql" and is_theirs:
            sent.add(statement)

    def note_copy(cursor: Any, statement: str, *given: Any, **named: Any) -> Any:
        if not names or cursor.connection.info.dbname in names:
            sent.add(statement)
        return copy(cursor, statement, *given, **named)

    copy = psycopg.Cursor.copy
    psycopg.Cursor.copy = note_copy  # type: ignore[method-assign] (rows loaded past the engine)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        psycopg.Cursor.copy = copy  # type: ignore[method-assign] (see above)


def plainly(statement: str) -> str:
    """As it reads whatever the generation and the layout."""
    return re.sub(r"\s+", " ", re.sub(r"views_\d+", "views_n", statement)).strip()


def strays(statement: str, *, alone: bool = False) -> list[str]:
    """The tables a statement reaches otherwise than through their book."""
    sql = re.sub(r"%\(\w+\)s|%[sbt]", "$1", statement).replace("%%", "%")
    found: list[str] = []
    for each in parse_sql(sql):
        found += _Reading(alone).strays(each.stmt)
    return found


@dataclass
class _Source:
    """Something to select from. `is_given`: its book is known; `table`: is spread by book."""

    table: str | None = None
    is_given: bool = False


@dataclass
class _Columns:
    """What a select gives: of each column its name, and whether it is a book that is given."""

    names: list[str | None] = field(default_factory=list)
    given: list[bool] = field(default_factory=list)
    # Of a `*`: one word for all there is.
    whatever: bool | None = None

    def at(self, place: int) -> bool:
        return self.given[place] if self.whatever is None else self.whatever

    @property
    def book(self) -> bool:
        if self.whatever is not None:
            return self.whatever
        return "book" in self.names and self.given[self.names.index("book")]


@dataclass
class _Scope:
    """What the names of a select mean; those of the selects around it too."""

    outer: "_Scope | None" = None
    sources: dict[str, _Source] = field(default_factory=dict)
    queries: dict[str, _Source] = field(default_factory=dict)

    def find(self, column: ast.ColumnRef) -> _Source | None:
        """Whose `book` the column is; None for any other column."""
        names = [part.sval for part in column.fields if isinstance(part, ast.String)]
        if names[-1:] != ["book"]:
            return None
        if len(names) == 1:
            return next(iter(self.sources.values())) if len(self.sources) == 1 else None
        scope: _Scope | None = self
        while scope is not None:
            if names[-2] in scope.sources:
                return scope.sources[names[-2]]
            scope = scope.outer
        return None

    def find_query(self, name: str) -> _Source | None:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.queries:
                return scope.queries[name]
            scope = scope.outer
        return None


@dataclass
class _Reading:
    alone: bool
    found: list[str] = field(default_factory=list)
    is_plain: bool = False

    def strays(self, node: Any) -> list[str]:
        match node:
            case ast.SelectStmt():
                self.is_plain = _is_plain(node)
                self.select(node, None)
            case ast.InsertStmt():
                self.insert(node)
            case ast.UpdateStmt() | ast.DeleteStmt():
                self.change(node)
            case ast.CopyStmt():
                names = [each.sval for each in node.attlist or ()]
                self.found += [] if node.is_from and "book" in names else [_name(node.relation)]
            case _ if not isinstance(node, _NOT_OVER_ROWS):
                self.found.append(type(node).__name__)
        return self.found

    def query(self, node: Any, outer: _Scope) -> _Columns:
        """One that is named within a statement; what it changes it answers by its book alone."""
        match node:
            case ast.InsertStmt():
                self.insert(node, outer)
            case ast.UpdateStmt() | ast.DeleteStmt():
                self.change(node, outer)
            case _:
                return self.select(node, outer)
        return _Columns(["book"], given=[True])

    def insert(self, node: ast.InsertStmt, outer: _Scope | None = None) -> None:
        if _spread(node.relation) is None:
            return
        names = [each.name for each in node.cols or ()]
        rows = node.selectStmt
        if "book" not in names:
            self.found.append(_name(node.relation))
        elif rows.valuesLists:
            place = names.index("book")
            if not all(_is_value(row[place]) for row in rows.valuesLists):
                self.found.append(_name(node.relation))
        elif not self.select(rows, outer, unnested=True).at(names.index("book")):
            self.found.append(_name(node.relation))

    def change(self, node: ast.UpdateStmt | ast.DeleteStmt, outer: _Scope | None = None) -> None:
        scope = _Scope(outer)
        self.add(node.relation, scope)
        is_update = isinstance(node, ast.UpdateStmt)
        others = node.fromClause if is_update else node.usingClause
        self.resolve(scope, others or (), node.whereClause)
        self.look_into(scope, node.whereClause, *(node.targetList if is_update else ()))

    def select(
        self, node: ast.SelectStmt, outer: _Scope | None, *, unnested: bool = False
    ) -> _Columns:
        """``unnested``: rows that are given may be of many books."""
        scope = _Scope(outer)
        for each in node.withClause.ctes if node.withClause else ():
            scope.queries[each.ctename] = _Source(is_given=self.query(each.ctequery, scope).book)
        if node.op != enums.SetOperation.SETOP_NONE:
            left, right = self.select(node.larg, scope), self.select(node.rarg, scope)
            if left.whatever is not None or right.whatever is not None:
                return _Columns(whatever=left.book and right.book)
            both = zip(left.given, right.given, strict=True)
            return _Columns(left.names, [all(pair) for pair in both])
        if unnested and _is_only_a_function(node):
            return _Columns(whatever=True)
        self.resolve(scope, node.fromClause or (), node.whereClause)
        self.look_into(
            scope,
            node.whereClause,
            node.havingClause,
            *(node.targetList or ()),
            *(node.sortClause or ()),
            *(node.groupClause or ()),
        )
        targets = node.targetList or ()
        if any(isinstance(_field(each), ast.A_Star) for each in targets):
            return _Columns(whatever=all(each.is_given for each in scope.sources.values()))
        given = [self.is_given(scope, each.val) for each in targets]
        return _Columns([_column(each) for each in targets], given)

    def resolve(self, scope: _Scope, sources: Any, condition: Any) -> None:
        """Finds out which sources are reached through their book; notes those that are not."""
        rules: list[tuple[Any, set[str] | None]] = []
        for source in sources:
            self.add(source, scope, rules)
        rules += [(each, None) for each in _conjuncts(condition)]
        moved = True
        while moved:
            moved = sum(self.apply(scope, rule, only) for rule, only in rules) > 0
        self.found += [
            source.table
            for source in scope.sources.values()
            if source.table and not source.is_given
        ]

    def add(self, node: Any, scope: _Scope, rules: Any = None) -> set[str]:
        """Puts a source under its name; the names that came, and the conditions of joins."""
        match node:
            case ast.RangeVar():
                name = node.alias.aliasname if node.alias else node.relname
                query = None if node.schemaname else scope.find_query(node.relname)
                scope.sources[name] = query or _Source(_spread(node))
                return {name}
            case ast.RangeFunction():
                scope.sources[node.alias.aliasname if node.alias else ""] = _Source(
                    is_given=not self.alone
                )
                return {node.alias.aliasname if node.alias else ""}
            case ast.RangeSubselect():
                inner = _Scope(scope.outer) if not node.lateral else scope
                book = self.select(node.subquery, inner).book
                scope.sources[node.alias.aliasname] = _Source(is_given=book)
                return {node.alias.aliasname}
            case ast.JoinExpr():
                left = self.add(node.larg, scope, rules)
                right = self.add(node.rarg, scope, rules)
                only = {
                    enums.JoinType.JOIN_INNER: None,
                    enums.JoinType.JOIN_LEFT: right,
                    enums.JoinType.JOIN_RIGHT: left,
                }.get(node.jointype, set())
                rules += [(each, only) for each in _conjuncts(node.quals)]
                return left | right
            case _:
                raise AssertionError(f"what is {node}?")

    def apply(self, scope: _Scope, rule: Any, only: set[str] | None) -> bool:
        """Whether the condition says of a source, among those it may speak of, which book it is."""
        moved = False
        for name, source in scope.sources.items():
            if source.is_given or (only is not None and name not in only):
                continue
            source.is_given = self.names_book(scope, rule, source)
            moved = moved or source.is_given
        return moved

    def names_book(self, scope: _Scope, rule: Any, source: _Source) -> bool:
        def is_its(node: Any) -> bool:
            return isinstance(node, ast.ColumnRef) and scope.find(node) is source

        match rule:
            case ast.A_Expr(kind=enums.A_Expr_Kind.AEXPR_OP) if rule.name[-1].sval == "=":
                pair = (rule.lexpr, rule.rexpr)
                return any(
                    is_its(one) and self.is_given(scope, other) for one, other in (pair, pair[::-1])
                )
            case ast.A_Expr(kind=enums.A_Expr_Kind.AEXPR_IN):
                few = not self.alone or self.is_plain or len(rule.rexpr) == 1
                return is_its(rule.lexpr) and few and all(_is_value(each) for each in rule.rexpr)
            case ast.A_Expr(kind=enums.A_Expr_Kind.AEXPR_OP_ANY) if rule.name[-1].sval == "=":
                return is_its(rule.lexpr) and not self.alone and _is_value(rule.rexpr)
            case ast.SubLink(subLinkType=enums.SubLinkType.ANY_SUBLINK, operName=None):
                row = rule.testexpr
                columns = row.args if isinstance(row, ast.RowExpr) else (row,)
                place = next((i for i, each in enumerate(columns) if is_its(each)), None)
                rows = _Reading(self.alone).select(rule.subselect, scope)
                return place is not None and rows.at(place)
        return False

    def is_given(self, scope: _Scope, node: Any) -> bool:
        if isinstance(node, ast.ColumnRef):
            source = scope.find(node)
            return source is not None and source.is_given
        return _is_value(node)

    def look_into(self, scope: _Scope, *nodes: Any) -> None:
        """The selects within expressions are held to the same."""
        for node in nodes:
            if isinstance(node, ast.SubLink):
                self.select(node.subselect, scope)
                self.look_into(scope, node.testexpr)
            elif self.alone and scope.sources and _is_clock(node):
                self.found.append("the clock of whichever machine has the rows")
            elif isinstance(node, ast.Node):
                self.look_into(scope, *(getattr(node, name) for name in node.__slots__))
            elif isinstance(node, tuple):
                self.look_into(scope, *node)


def _spread(node: ast.RangeVar) -> str | None:
    """The name of a table that is spread by book; None for the database's own catalogue."""
    if (node.schemaname, node.relname) in _OF_NO_BOOK:
        return None
    return None if (node.schemaname or node.relname).startswith("pg_") else _name(node)


def _name(node: ast.RangeVar) -> str:
    return f"{node.schemaname}.{node.relname}"


def _conjuncts(node: Any) -> list[Any]:
    if isinstance(node, ast.BoolExpr) and node.boolop == enums.BoolExprType.AND_EXPR:
        return [part for each in node.args for part in _conjuncts(each)]
    return [] if node is None else [node]


def _is_value(node: Any) -> bool:
    while isinstance(node, (ast.TypeCast, ast.CollateClause)):
        node = node.arg
    return isinstance(node, (ast.ParamRef, ast.A_Const))


def _is_clock(node: Any) -> bool:
    if isinstance(node, ast.FuncCall):
        return node.funcname[-1].sval in _CLOCKS
    return isinstance(node, ast.SQLValueFunction)


def _is_plain(node: ast.SelectStmt) -> bool:
    sources = node.fromClause or ()
    return len(sources) == 1 and isinstance(sources[0], ast.RangeVar) and not node.lockingClause


def _is_only_a_function(node: ast.SelectStmt) -> bool:
    sources = node.fromClause or ()
    return len(sources) == 1 and isinstance(sources[0], ast.RangeFunction) and not node.whereClause


def _field(target: ast.ResTarget) -> Any:
    return target.val.fields[-1] if isinstance(target.val, ast.ColumnRef) else None


def _column(target: ast.ResTarget) -> str | None:
    last = _field(target)
    return target.name or (last.sval if isinstance(last, ast.String) else None)
