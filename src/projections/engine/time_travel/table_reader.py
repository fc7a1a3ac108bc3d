"""Table reader: asks the views of now how their tables stood at a moment of the past.

A book is read through for it, which takes seconds of a large one: two are at once, one of each
organization, whatever else is asked meanwhile.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar, cast

from sqlalchemy import Connection

from ledger.database import wait_at_length
from projections.engine.live.reader import QueryResult, Views
from projections.engine.time_travel.as_seen import PastTables, Seen
from projections.engine.time_travel.past_connection import PastConnection
from projections.engine.time_travel.stream_views import FactsAbout
from projections.engine.turns import Turns

T = TypeVar("T")

_AT_ONCE = 2
_OF_ONE = 1
_MOST_OF_ONE = 16

# Views of these facts, up to a position of the book.
Folded = Callable[[FactsAbout, int], AbstractContextManager[Connection]]
Names = Callable[[Connection, str, Sequence[str]], FactsAbout]


class TableReader:
    """`names` says which facts tell how some customers are called."""

    def __init__(self, tables: PastTables, views: Views, names: Names) -> None:
        self._tables = tables
        self._views = views
        self._names = names
        self._turns = Turns(at_once=_AT_ONCE, of_one=_OF_ONE, most_of_one=_MOST_OF_ONE)

    async def ask(
        self, seen: Seen, goal: int, query: Callable[[Connection], T], folded: Folded
    ) -> QueryResult[T]:
        """What `query` says of what was seen, where `goal` is as far as was known.

        Raises NoPast, ViewsRebuilding and TooManyWaiting, and whatever `query` and `folded` raise.
        """
        async with self._views.held(seen.book, turns=self._turns) as moment:
            upto = moment.position if seen.known is None else min(moment.position, goal)

            def read(connection: Connection) -> T:
                wait_at_length(connection)
                with ExitStack() as folds:

                    def named(ids: Sequence[str]) -> Connection:
                        about = self._names(connection, seen.book, ids)
                        return folds.enter_context(folded(about, upto))

                    asked = PastConnection(connection, self._tables, seen, named)
                    return query(cast(Connection, asked))

            return QueryResult(await moment.ask(read), upto, max(0, goal - upto))
