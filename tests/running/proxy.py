"""A proxy between a client and PostgreSQL: far away, pointed elsewhere, or cut at a COMMIT."""

import socket
import threading
import time
from contextlib import suppress
from typing import Any

from sqlalchemy import URL


class CuttingProxy:
    """Cuts a connection at the next COMMITs, before or after the server got them.

    Stands still within what is sent, where the text `stops_at` begins, once and for ever.
    `delay_seconds` is how long what is sent is on its way; `round_trips` counts what was sent, of
    all that was sent before anything came back once.
    """

    def __init__(self, url: URL) -> None:
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
        self.stops_at = b""
        self.stopped = threading.Event()
        self.delay_seconds = 0.0
        self.round_trips = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def point_at(self, url: URL) -> None:
        """From now on whoever connects is led there."""
        self._url = url

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _connect(self) -> socket.socket:
        host = str(self._url.query.get("host") or self._url.host or "127.0.0.1")
        port = int(str(self._url.query.get("port") or self._url.port or 5432))
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(f"{host}/.s.PGSQL.{port}")
        except OSError:
            server.close()
            raise
        return server

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, self._connect() as server:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answered = threading.Event()
            answered.set()
            back = threading.Thread(
                target=self._send_back, args=(server, client, answered), daemon=True
            )
            back.start()
            while sent := client.recv(65536):
                self.round_trips += answered.is_set()
                answered.clear()
                time.sleep(self.delay_seconds)
                if self.stops_at and self.stops_at in sent:
                    server.sendall(sent[: sent.index(self.stops_at)])
                    self.stops_at = b""
                    self.stopped.set()
                    back.join()
                    break
                if _commits(sent) and self.cut_before_commit:
                    self.cut_before_commit -= 1
                    break
                if _commits(sent) and self.cut_after_commit:
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

    def _send_back(self, server: Any, client: Any, answered: threading.Event) -> None:
        with suppress(OSError):
            while answer := server.recv(65536):
                answered.set()
                time.sleep(self.delay_seconds)
                with suppress(OSError):
                    client.sendall(answer)
        # The server has ended: so has what leads to it.
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


def _commits(sent: bytes) -> bool:
    """Whether it ends a transaction, or is one: a batch of the ledger in one statement."""
    return b"COMMIT" in sent or b"INSERT INTO whence.events" in sent
