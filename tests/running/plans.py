"""What a question makes a database do: by its own account, in steps and rows and not in seconds."""

from sqlalchemy import event


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
