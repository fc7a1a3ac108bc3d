"""Server timeout: how long a silent PostgreSQL is waited for.

One that is gone is noticed by the network. One that is connected and says nothing (its process is
stopped, its disk hangs, its host is frozen) is not, by any setting of the driver: a thread would
wait for it until somebody restarts one of them.
"""

import select
import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")


class ServerTimeout(psycopg.OperationalError):
    """The connection was given up; what became of the last statement is unknown."""


class TimeoutConnection(psycopg.Connection[Any]):
    """A connection that is given up when nothing came through it for `server_timeout_seconds`.

    None waits for ever: for what takes its time, such as making an index.
    """

    server_timeout_seconds: float | None = 10.0

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """What the driver runs everything through that waits for the server."""
        return super().wait(self._until_silent(gen), *args, **kwargs)

    def is_closed_by_server(self) -> bool:
        """Whether the end of the session has arrived here: nothing is sent to find out."""
        arrived = select.poll()
        arrived.register(self.pgconn.socket, select.POLLIN)
        try:
            # What is not the end (a notice, a ticket of TLS) is taken in.
            while arrived.poll(0):
                self.pgconn.consume_input()
        except psycopg.OperationalError:
            return True
        return False

    def _until_silent(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        heard = time.monotonic()
        try:
            event = next(gen)
            while True:
                ready = yield event
                # The driver looks up every tenth of a second, with nothing when nothing came.
                if ready:
                    heard = time.monotonic()
                elif self.server_timeout_seconds is not None:
                    self._give_up_after(heard + self.server_timeout_seconds)
                event = gen.send(ready)
        except StopIteration as done:
            result: T = done.value
            return result

    def _give_up_after(self, moment: float) -> None:
        if time.monotonic() > moment:
            self.pgconn.finish()
            raise ServerTimeout(
                f"the server was silent for {self.server_timeout_seconds:g} seconds"
            )
