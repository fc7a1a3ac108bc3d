"""Kept connections: what a thread has opened is not opened again for the next question."""

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import event, text

THREADS = 15  # of a process that serves


def test_as_many_connections_are_kept_as_threads_ask_at_once(engine):
    opened, together = [], threading.Barrier(THREADS)
    event.listen(engine, "connect", lambda connection, _record: opened.append(connection))
    engine.dispose()

    def ask(_):
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            together.wait(60)

    with ThreadPoolExecutor(THREADS) as threads:
        for _ in range(3):
            list(threads.map(ask, range(THREADS)))

    assert len(opened) == THREADS
