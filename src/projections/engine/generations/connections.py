"""Connections to the generations this process has open, and where each keeps its tables."""

import threading
from pathlib import Path

from sqlalchemy import Engine

from projections.engine.generations.generation import (
    Generation,
    postgresql_generation,
    sqlite_generation,
)


class OpenGenerations:
    """Opens each generation once, by its number.

    `location` is the folder of the view files on SQLite; PostgreSQL keeps views beside the ledger
    and has no use for it.
    """

    def __init__(self, ledger_engine: Engine, location: Path) -> None:
        self._engine = ledger_engine
        self._location = location
        self._lock = threading.Lock()
        self._open: dict[int, Generation] = {}

    def get(self, number: int, digest: str) -> Generation:
        with self._lock:
            generation = self._open.get(number)
            if generation is None:
                generation = self._open[number] = self._at(number, digest)
            return generation

    def take(self, number: int) -> Generation:
        """The generation, for whoever removes it: who asks for it next opens it anew."""
        with self._lock:
            generation = self._open.pop(number, None)
        return generation or self._at(number, "")

    def is_there(self, number: int) -> bool:
        # Somebody may have thrown the files away to have them built again: that is their right.
        return self._engine.dialect.name != "sqlite" or self._file(number).exists()

    def let_go(self, listed: set[int]) -> None:
        """Close what somebody else has dropped: a file that is held open takes up its room."""
        newest = max(listed, default=0)
        with self._lock:
            for each in [each for each in self._open if each not in listed and each < newest]:
                self._open.pop(each).close()

    def close(self) -> None:
        with self._lock:
            for generation in self._open.values():
                generation.close()
            self._open.clear()

    def _at(self, number: int, digest: str) -> Generation:
        if self._engine.dialect.name == "sqlite":
            return sqlite_generation(self._file(number), number, digest)
        return postgresql_generation(self._engine, f"views_{number}", number, digest)

    def _file(self, number: int) -> Path:
        return self._location / f"views-{number}.db"
