"""Past connection: what a query is given in the place of a connection, to be asked of a moment.

Each statement is rewritten to read the tables as they stood. What these do not tell of a few
customers, how they were called above all, is asked of views that are folded from their facts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Dialect

from projections.engine.time_travel.as_seen import PastTables, Seen

# Options of a statement: each names the parameter with the ids of the customers it is about.
TOLD_BY_FACTS: Final = "told_by_facts"
OF_CUSTOMERS: Final = "of_customers"


def is_past(connection: object) -> bool:
    """Whether sums are added up when they are asked for, not stored: then each is worth less."""
    return isinstance(connection, PastConnection)


@dataclass(frozen=True, slots=True)
class PastConnection:
    """`folded` answers with the views of what is told of some customers."""

    connection: Connection
    tables: PastTables
    seen: Seen
    folded: Callable[[Sequence[str]], Connection]

    @property
    def dialect(self) -> Dialect:
        return self.connection.dialect

    def execute(
        self,
        statement: Any,
        parameters: Mapping[str, Any] | None = None,
        *,
        execution_options: Mapping[str, Any] | None = None,
    ) -> Any:
        """As that of a connection. Raises NoPast."""
        options, named = statement.get_execution_options(), parameters or {}
        if TOLD_BY_FACTS in options:
            return self.folded(named[options[TOLD_BY_FACTS]]).execute(statement, named)
        seen = self.seen
        if OF_CUSTOMERS in options:
            seen = replace(seen, customers=named[options[OF_CUSTOMERS]])
        return self.connection.execute(
            self.tables.rewritten(statement, seen),
            named,
            execution_options=execution_options or {},
        )
