"""Worker lease: of all processes on a PostgreSQL one at a time does what one is enough for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import Engine

from ledger.lease import Lease, acquire, release, renew

_RENEWED_AFTER = 1 / 3


class Turn:
    """A lease on a named thing of the whole store, held on to for as long as it is asked for.

    It saves the others the looking, and guards nothing: should two have their turn at once, as
    after a pause, the ledger lets one of them do each thing.
    """

    def __init__(self, engine: Engine, name: str, *, seconds: float) -> None:
        self._engine = engine
        self._name = name
        self._holder = uuid4().hex
        self._seconds = seconds
        self._lease: Lease | None = None
        self._renewed_at = 0.0

    def is_mine(self) -> bool:
        """Whether it is; taken when it is nobody's. Asks the database now and then."""
        if self._lease is not None and not self._is_old():
            return True
        asked_at = time.monotonic()
        if self._lease is None or not renew(self._engine, self._lease, seconds=self._seconds):
            self._lease = acquire(self._engine, "", self._name, self._holder, seconds=self._seconds)
        self._renewed_at = asked_at
        return self._lease is not None

    def end(self) -> None:
        """Another may have it at once."""
        if self._lease is not None:
            release(self._engine, self._lease)
            self._lease = None

    def _is_old(self) -> bool:
        return time.monotonic() - self._renewed_at > self._seconds * _RENEWED_AFTER


@contextmanager
def taking_turns(engine: Engine, name: str, *, seconds: float) -> Iterator[Turn]:
    """A turn that ends with the context, or so long after it was last asked for."""
    turn = Turn(engine, name, seconds=seconds)
    try:
        yield turn
    finally:
        turn.end()


@contextmanager
def its_turn_of(engine: Engine, name: str, *, seconds: float) -> Iterator[Callable[[], bool]]:
    """Whether it is this process's turn; on SQLite one process serves, whose turn it always is."""
    if engine.dialect.name == "sqlite":
        yield lambda: True
        return
    with taking_turns(engine, name, seconds=seconds) as turn:
        yield turn.is_mine
