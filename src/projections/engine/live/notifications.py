"""Tells the projectors of other processes at once what they would find by looking.

A hint is lost without harm: behind a pooler that gives sessions to others nobody hears any.
"""

import threading
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Self

import orjson
import psycopg
import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ledger.database import writing
from ledger.supervised_threads import supervised_thread
from projections.engine.live.lanes import LeasedLanes, lane_of

_CHANNEL = "whence_heads"
# PostgreSQL takes no more than 8,000 bytes; whatever does not fit is found by looking.
_HEADS_PER_HINT = 100
# What is recorded in between goes with the next one: under load, a hint for many batches.
_PAUSE_SECONDS = 0.01
_LISTENING_SECONDS = 0.2
_AWAY_SECONDS = 1.0

Heads = Mapping[str, int]

_log = structlog.get_logger("whence")


class Hints:
    """Sends the heads of books in lanes of others, and gives those that come to `heard`.

    Both in threads of their own: whoever commits does not wait. Use as a context manager.
    """

    def __init__(self, engine: Engine, lanes: LeasedLanes, heard: Callable[[Heads], None]) -> None:
        # One hint at a time is committed in a whole server: it does not wait for a disk.
        self._engine = engine.execution_options(durable=False)
        self._lanes = lanes
        self._heard = heard
        self._lock = threading.Lock()
        self._heads: dict[str, int] = {}
        self._told = threading.Event()
        self._closing = threading.Event()
        self._threads = [
            supervised_thread(self._send, name="hints-sender", closing=self._closing),
            supervised_thread(self._listen, name="hints-listener", closing=self._closing),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._told.set()
        for thread in self._threads:
            thread.join()

    def tell(self, heads: Heads) -> None:
        """These were committed; any thread may say so, and does not wait."""
        if not self._lanes.others:
            return
        held = self._lanes.held
        elsewhere = {book: head for book, head in heads.items() if lane_of(book) not in held}
        if elsewhere:
            with self._lock:
                self._heads.update(elsewhere)
            self._told.set()

    def _send(self) -> None:
        while self._told.wait() and not self._closing.is_set():
            self._told.clear()
            with self._lock:
                heads, self._heads = self._heads, {}
            try:
                with writing(self._engine) as connection:
                    notify = text("SELECT pg_notify(:channel, :heads)")
                    connection.execute(notify, {"channel": _CHANNEL, "heads": _payload(heads)})
            except (DBAPIError, PoolTimeoutError):
                self._closing.wait(_AWAY_SECONDS)
            self._closing.wait(_PAUSE_SECONDS)

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen_until_cut()
            except (DBAPIError, PoolTimeoutError, psycopg.Error):
                self._closing.wait(_AWAY_SECONDS)

    def _listen_until_cut(self) -> None:
        with self._engine.connect() as connection:
            session: Any = connection.connection.driver_connection
            # Of its own: nobody else is to get a session that listens.
            connection.detach()
            session.autocommit = True
            session.execute(f"LISTEN {_CHANNEL}")
            while not self._closing.is_set():
                for hint in session.notifies(timeout=_LISTENING_SECONDS):
                    self._hear(hint.payload)

    def _hear(self, payload: str) -> None:
        heads = _heads(payload)
        if heads is None:
            # Whoever may connect may send one; what it says is not ours to show.
            _log.warning("a hint that is none was passed over", characters=len(payload))
        else:
            self._heard(heads)


def _payload(heads: Heads) -> str:
    """As many as fit."""
    return orjson.dumps(dict(islice(heads.items(), _HEADS_PER_HINT))).decode()


def _heads(payload: str) -> Heads | None:
    """None when these are no heads of books."""
    try:
        told = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict) or not all(type(head) is int for head in told.values()):
        return None
    return told
