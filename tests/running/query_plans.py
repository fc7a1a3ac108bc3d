"""Query plans: what a question makes a database do, in steps and rows and not in seconds."""

from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import event

from projections.engine.generations.generation import Generation


@dataclass(frozen=True)
class Imagined:
    """Views of which the database believes that there are `times` as many rows as there are.

    It then plans as for so many. Whatever is the same for a handful of rows stays so.
    """

    views: Generation
    times: int

    @contextmanager
    def reading(self):
        with self.views.engine.connect() as connection:
            transaction = connection.begin()
            if self.views.schema is None:
                self._enlarge_for_sqlite(connection)
            else:
                self._enlarge_for_postgresql(connection)
            try:
                yield connection
            finally:
                transaction.rollback()
                if self.views.schema is None:
                    # What it has read is the connection's, whatever becomes of the transaction.
                    connection.exec_driver_sql("ANALYZE sqlite_schema")

    def _enlarge_for_sqlite(self, connection):
        # The rows of the table, then how many share the first column of the index, the first two…
        found = connection.exec_driver_sql("SELECT rowid, stat FROM sqlite_stat1 WHERE stat <> ''")
        for number, counts in found.all():
            larger = " ".join(self._larger(each) for each in counts.split())
            connection.exec_driver_sql(
                "UPDATE sqlite_stat1 SET stat = ? WHERE rowid = ?", (larger, number)
            )
        connection.exec_driver_sql("ANALYZE sqlite_schema")

    def _larger(self, count):
        return str(int(count) * self.times) if count.isdigit() and int(count) > _FEW else count

    def _enlarge_for_postgresql(self, connection):
        # By these two it reckons how many rows are in the pages there are.
        connection.exec_driver_sql(
            "UPDATE pg_class SET reltuples = reltuples * %s WHERE relnamespace = %s::regnamespace",
            (self.times, self.views.schema),
        )


# Those of one customer, for example: a larger book has more customers, not larger ones.
_FEW = 50


def cost(connection, ask) -> int:
    if connection.dialect.name == "sqlite":
        return steps(connection, ask)
    return sum(rows_touched(plan) for plan in postgresql_plans(connection, ask))


def steps(connection, ask) -> int:
    """How many instructions SQLite's machine carries out, in tens."""
    taken = [0]

    def count() -> int:
        taken[0] += 1
        return 0

    driver = connection.connection.driver_connection
    driver.set_progress_handler(count, 10)
    ask(connection)
    driver.set_progress_handler(None, 0)
    return taken[0]


def rows_touched(plan) -> int:
    found = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    below = sum(rows_touched(part) for part in plan.get("Plans", ()))
    return int(found * plan["Actual Loops"]) + below


def postgresql_plans(connection, ask):
    return [postgresql_plan(connection, *told) for told in asked(connection, ask)]


def postgresql_plan(connection, statement, parameters):
    words = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)"
    explained = connection.exec_driver_sql(f"{words} {statement}", parameters)
    return explained.scalar_one()[0]["Plan"]


def sorted_rows(connection, statement, parameters) -> float:
    """How many rows a statement sorts at once; SQLite only says whether it does."""
    if connection.dialect.name == "postgresql":
        return sorted_in(postgresql_plan(connection, statement, parameters))
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return float("inf") if any("B-TREE FOR ORDER BY" in row[3] for row in plan) else 0


def sorted_in(plan) -> float:
    parts = plan.get("Plans", ())
    mine = sum(part["Actual Rows"] for part in parts) if plan["Node Type"] == "Sort" else 0
    return max([mine, *map(sorted_in, parts)])


def asked(connection, ask):
    statements = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        statements.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    ask(connection)
    event.remove(connection, "before_cursor_execute", note)
    return statements
