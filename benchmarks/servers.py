"""The servers that are measured, each a process of its own on a port of its own."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.keyring import new_key

HERE = Path(__file__).parent
SECRET_KEYS = new_key()


@dataclass(frozen=True)
class Server:
    """Where it listens, the headers that let a request in, and, of ours, which process it is."""

    port: int
    headers: dict[str, str]
    pid: int = 0


@contextmanager
def bare() -> Iterator[Server]:
    port = free_port()
    with running([sys.executable, str(HERE / "bare.py"), str(port)], {}):
        wait_for(f"http://127.0.0.1:{port}/openapi.json")
        yield Server(port, {})


@contextmanager
def crud(database_url: str) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, str(HERE / "crud.py"), str(port), database_url]
    with running(command, {}) as process:
        assert process.stdout is not None  # noqa: S101 (it was asked for)
        key = process.stdout.readline().decode().strip()
        wait_for(f"http://127.0.0.1:{port}/openapi.json")
        yield Server(port, {"X-Reevit-Key": key})


@contextmanager
def whence(database_url: str, fill: Callable[[str], None] = lambda _book: None) -> Iterator[Server]:
    """A service as it comes, but without rate limits and a line of log for each request.

    ``fill`` is given the book before there is a service.
    """
    port = free_port()
    environment = {
        "WHENCE_DATABASE_URL": database_url,
        "WHENCE_SECRET_KEYS": SECRET_KEYS,
        "WHENCE_PORT": str(port),
        "WHENCE_RATE_LIMIT_PER_KEY": "off",
        "WHENCE_RATE_LIMIT_PUBLIC": "off",
        "WHENCE_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "whence"]
    created = subprocess.run(  # noqa: S603 (our own command line)
        [*command, "organizations", "create", "Bench", "--json"],
        env=os.environ | environment,
        check=True,
        capture_output=True,
    )
    founded = json.loads(created.stdout)
    fill(f"{founded['id']}/test")
    with running([*command, "serve"], environment) as process:
        wait_for(f"http://127.0.0.1:{port}/readyz")
        yield Server(port, {"X-Reevit-Key": founded["keys"]["test"]}, process.pid)


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(  # noqa: S603 (our own command line)
        command, env=os.environ | environment, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def wait_for(url: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url):  # noqa: S310 (our own server)
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
