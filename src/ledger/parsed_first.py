"""Rows that are sent while something is locked, so that whoever stops meanwhile is found out.

The server ends a session that stands still in a transaction, but not in the middle of a statement
whose first message has come. So that message goes ahead and is answered: then whatever is still on
its way, rows included, comes to a session that is taken to be idle.
"""

from collections.abc import Sequence
from itertools import count
from re import sub

from psycopg import errors
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult
from sqlalchemy import Connection

from ledger.arrays import Array
from ledger.driver import driven

_UNNAMED = b""


def execute_parsed_first(
    connection: Connection, statement: str, arrays: Sequence[Array]
) -> PGresult:
    """Like `exec_driver_sql` on PostgreSQL, for parameters that are arrays; two round trips."""
    numbers = count(1)
    numbered = sub("%b", lambda _: f"${next(numbers)}", statement)
    with driven(connection, statement) as driver:
        # Without a name it is gone with the next statement: nothing is left behind a pooler.
        driver.pgconn.send_prepare(_UNNAMED, numbered.encode())
        _checked(driver.wait(execute(driver.pgconn)))
        formats = [Format.BINARY] * len(arrays)
        driver.pgconn.send_query_prepared(_UNNAMED, arrays, formats, Format.TEXT)
        return _checked(driver.wait(execute(driver.pgconn)))


def _checked(results: Sequence[PGresult]) -> PGresult:
    result = results[-1]
    if result.status == ExecStatus.FATAL_ERROR:
        raise errors.error_from_result(result)
    return result
