"""Server processes: a `whence serve` or `whence project`, and an organization in its store.

A server listens on a port of its own choosing.
"""

import asyncio
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from uuid import uuid4

import forked
from forked import ForkedCommand
from reevit import Reevit
from secret_keys import SECRET_KEYS

from commands.handling.handler import Context
from commands.organizations import found_organization
from whence.settings import Settings
from whence.wiring import handling, recording

PATIENCE_SECONDS = 60

Process = subprocess.Popen[bytes] | ForkedCommand


class Server:
    """The process can be killed and started again; it comes back under another address.

    `name` is what its sessions are called in the database, when PGAPPNAME is among the settings;
    `program` is what Python runs when it is not this release.
    """

    command = "serve"

    def __init__(
        self,
        database_url: str,
        folder: Path,
        *,
        program: Path | None = None,
        **settings: str,
    ) -> None:
        self.database_url = database_url
        self.url = ""
        self.name = settings.get("PGAPPNAME", "")
        self._program = program
        self._environment = os.environ | {
            "WHENCE_DATABASE_URL": database_url,
            "WHENCE_KEYS_FILE": str(folder / "keys.txt"),
            "WHENCE_SECRET_KEYS": SECRET_KEYS,
            "WHENCE_PORT": "0",
            "WHENCE_LOG_FORMAT": "json",
            "WHENCE_RATE_LIMIT_PER_KEY": "off",
            "WHENCE_RATE_LIMIT_PUBLIC": "off",
            **settings,
        }
        # A file, because a pipe nobody reads would fill up and stop the server.
        self._log = folder / f"server-{uuid4().hex}.log"
        self._process: Process | None = None
        self._beside: list[Process] = []

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns when it is ready."""
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        """Does not wait for it."""
        with self._log.open("wb") as log:
            self._process = self._begun(self.command, log=log)

    def await_ready(self) -> None:
        assert self._process is not None
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._is_ready():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < until, self._log.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """Asks it to end, as an operator would; it must end well."""
        assert self._process is not None
        self._process.terminate()
        assert self._process.wait(timeout=PATIENCE_SECONDS) == 0, self._log.read_text()

    def kill(self) -> None:
        """SIGKILL: no goodbye, whatever was begun beside included."""
        processes = [self._process, *self._beside] if self._process else self._beside
        for process in processes:
            process.kill()
            process.wait(timeout=PATIENCE_SECONDS)

    def pause(self) -> None:
        """SIGSTOP: it stands still, and does not know it."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def whence(
        self, *arguments: str, patience_seconds: float = PATIENCE_SECONDS * 2
    ) -> subprocess.CompletedProcess[str]:
        """Another command on the same store, run to its end."""
        return forked.run(
            arguments,
            self._environment,
            timeout=patience_seconds,
            program=self._program,
        )

    def begin(self, *arguments: str) -> Process:
        """Another command on the same store, which goes on beside."""
        with Path(os.devnull).open("wb") as nowhere:
            self._beside.append(self._begun(*arguments, log=nowhere))
        return self._beside[-1]

    def _begun(self, *arguments: str, log: BufferedWriter) -> Process:
        return ForkedCommand(arguments, self._environment, log, program=self._program)

    def _is_ready(self) -> bool:
        said = re.search(r'"address": ?"(http://[^"]+)"', self._log.read_text())
        if said is None:
            return False
        self.url = said[1]
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:  # noqa: S310 (our own server)
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


class Projector(Server):
    """The same with `whence project`, which has no address."""

    command = "project"

    def _is_ready(self) -> bool:
        return '"projecting"' in self._log.read_text()


@dataclass(frozen=True)
class Shop:
    """One organization: its id and its two keys."""

    server: Server
    org_id: str
    test_key: str
    live_key: str

    @property
    def url(self) -> str:
        return self.server.url

    def client(self, *, key: str | None = None, org_id: str | None = None) -> Reevit:
        return Reevit(key or self.test_key, org_id=org_id, base_url=self.url)


def found_shop(server: Server) -> Shop:
    """Founded beside the server, in the same store."""
    settings = Settings(database_url=server.database_url)
    with recording(settings) as ledger, handling(ledger) as handler:
        founding = found_organization(handler, "Ama's shop", context=Context())
        # In a thread of its own: where a browser is open, this one has an event loop running.
        with ThreadPoolExecutor(1) as beside:
            founded = beside.submit(asyncio.run, founding).result()
    return Shop(server, founded.org_id, founded.keys["test"], founded.keys["live"])
