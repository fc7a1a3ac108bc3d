"""A commit that is never answered is sent again, and what it wrote is recognised."""

import socket
import sqlite3
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import URL, make_url, text

from ledger.append import Append, Done
from ledger.chain import Chain
from ledger.database import open_engine, upgrade
from ledger.ledger import Ledger

BOOK = "org_x/test"


class CuttingProxy:
    """Stands between a client and PostgreSQL, and cuts the connection at the next COMMIT."""

    def __init__(self, url: URL):
        self._url = url
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = URL.create(
            url.drivername,
            url.username,
            url.password,
            "127.0.0.1",
            self._listener.getsockname()[1],
            url.database,
        ).render_as_string(hide_password=False)
        self.cut_before_commit = 0
        self.cut_after_commit = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _connect(self):
        host = self._url.query.get("host") or self._url.host or "127.0.0.1"
        port = self._url.port or 5432
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _serve(self, client):
        with client, self._connect() as server, suppress(OSError):
            back = threading.Thread(target=self._send_back, args=(server, client), daemon=True)
            back.start()
            while sent := client.recv(65536):
                if b"COMMIT" in sent and self.cut_before_commit:
                    self.cut_before_commit -= 1
                    break
                if b"COMMIT" in sent and self.cut_after_commit:
                    self.cut_after_commit -= 1
                    # Nothing comes back any more; the server gets it and works on.
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(sent)
                    break
                server.sendall(sent)
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            server.shutdown(socket.SHUT_WR)
            back.join()

    def _send_back(self, server, client):
        with suppress(OSError):
            while answer := server.recv(65536):
                with suppress(OSError):
                    client.sendall(answer)


@pytest.fixture
def proxy(postgresql_url):
    proxy = CuttingProxy(make_url(postgresql_url))
    yield proxy
    proxy.close()


@pytest.fixture
def far_ledger(proxy, clock):
    engine = open_engine(proxy.url)
    upgrade(engine)
    with Ledger(engine, clock=clock) as ledger:
        yield ledger
    engine.dispose()


@pytest.mark.parametrize("cut", ["cut_before_commit", "cut_after_commit"])
@pytest.mark.parametrize("has_key", [True, False])
@pytest.mark.parametrize("times", [1, 3])
def test_a_connection_cut_during_commit_neither_loses_nor_doubles(
    far_ledger, proxy, facts, reply, cut, has_key, times
):
    far_ledger.append(Append(BOOK, facts("lnk_1", 0)))
    setattr(proxy, cut, times)

    outcome = far_ledger.append(Append(BOOK, facts("lnk_1", 0), reply=reply() if has_key else None))

    assert outcome == Done(2)
    assert getattr(proxy, cut) < times
    assert [fact.version for fact in far_ledger.read_stream(BOOK, "lnk_1")] == [1, 2]
    assert isinstance(far_ledger.verify(BOOK), Chain)


def test_connections_cut_all_the_time_under_load_neither_lose_nor_double(far_ledger, proxy, facts):
    def view(_):
        proxy.cut_after_commit = 1
        outcome = far_ledger.append(Append(BOOK, facts("lnk_1", 0)))
        return outcome.position

    with ThreadPoolExecutor(4) as threads:
        positions = list(threads.map(view, range(20)))

    assert sorted(positions) == list(range(1, 21))
    assert far_ledger.head(BOOK) == 20


def test_reads_survive_a_connection_that_is_gone(postgresql_url, clock, created):
    engine = open_engine(postgresql_url)
    upgrade(engine)
    with Ledger(engine, clock=clock) as ledger:
        ledger.append(created("pay_1"))
        with psycopg.connect(postgresql_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        assert ledger.head(BOOK) == 1
        assert ledger.append(created("pay_2")) == Done(2)
    engine.dispose()


def test_serialization_failures_are_tried_again(postgresql_url, clock, facts):
    engine = open_engine(postgresql_url)
    upgrade(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = make_url(postgresql_url).database
        connection.execute(
            text(f'ALTER DATABASE "{name}" SET default_transaction_isolation TO serializable')
        )
    engine.dispose()

    with (
        Ledger(engine, clock=clock) as one,
        Ledger(engine, clock=clock) as other,
        ThreadPoolExecutor(8) as threads,
    ):
        outcomes = list(
            threads.map(
                lambda n: (one, other)[n % 2].append(Append(BOOK, facts("lnk_1", 0))), range(40)
            )
        )

        assert Counter(outcomes) == Counter(Done(n) for n in range(1, 41))
    engine.dispose()


def test_a_busy_sqlite_file_is_waited_for(sqlite_url, clock, created):
    engine = open_engine(sqlite_url)
    upgrade(engine)
    other = sqlite3.connect(make_url(sqlite_url).database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Ledger(engine, clock=clock) as ledger:
        waiting = ledger.submit(created("pay_1"))
        time.sleep(0.2)
        assert not waiting.done()

        other.execute("COMMIT")

        assert waiting.result(5) == Done(1)
    other.close()
    engine.dispose()
