"""A running `whence serve`, a fresh organization in it, and its official client."""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from reevit import Reevit
from sqlalchemy import make_url

from commands.handler import Context
from commands.organizations import found_organization
from whence.settings import Settings
from whence.wiring import handling, recording

STARTUP_SECONDS = 60


@dataclass(frozen=True)
class Service:
    """A server process: where it answers, and where it keeps its books."""

    url: str
    database_url: str


@dataclass(frozen=True)
class Shop:
    """One organization: its id and its two keys."""

    url: str
    org_id: str
    test_key: str
    live_key: str

    def client(self, *, key: str | None = None, org_id: str | None = None) -> Reevit:
        return Reevit(key or self.test_key, org_id=org_id, base_url=self.url)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp(f"service-{request.param}")
    if request.param == "sqlite":
        database_url = f"sqlite:///{folder / 'ledger.db'}"
    else:
        database_url = new_database(request.getfixturevalue("postgresql_server"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "WHENCE_DATABASE_URL": database_url,
        "WHENCE_PORT": str(port),
        "WHENCE_RATE_LIMIT_PER_KEY": "off",
        "WHENCE_RATE_LIMIT_PUBLIC": "off",
    }
    # A pipe nobody reads would fill up and stop the server.
    said = folder / "server.log"
    with said.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "whence", "serve"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process, said)
        yield Service(url, database_url)
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0, said.read_text()


def new_database(server: str) -> str:
    """A database on the PostgreSQL server of the test run, gone with it."""
    name = f"whence_service_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], said: Path) -> None:
    until = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310 (our own server)
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < until, "the server did not become ready"
        time.sleep(0.1)


@pytest.fixture
def shop(service: Service) -> Shop:
    """Founded beside the running server, in the same store."""
    settings = Settings(database_url=service.database_url)
    with recording(settings) as ledger, handling(ledger) as handler:
        founded = asyncio.run(found_organization(handler, "Ama's shop", context=Context()))
    return Shop(service.url, founded.org_id, founded.keys["test"], founded.keys["live"])


@pytest.fixture(params=["with org_id", "without org_id"])
def client(shop: Shop, request: pytest.FixtureRequest) -> Reevit:
    return shop.client(org_id=shop.org_id if request.param == "with org_id" else None)
