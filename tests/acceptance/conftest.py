"""A running `whence serve`, a fresh organization in it, and its official client."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from reevit import Reevit

STARTUP_SECONDS = 60


@dataclass(frozen=True)
class Service:
    """A server process and how to reach it."""

    url: str
    environment: dict[str, str]

    def whence(self, *arguments: str) -> str:
        """Runs the command line against the same store; its standard output."""
        done = subprocess.run(  # noqa: S603 (our own command line)
            [sys.executable, "-m", "whence", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@dataclass(frozen=True)
class Shop:
    """One organization: its id and its two keys."""

    url: str
    org_id: str
    test_key: str
    live_key: str

    def client(self, *, key: str | None = None, org_id: str | None = None) -> Reevit:
        return Reevit(key or self.test_key, org_id=org_id, base_url=self.url)


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "WHENCE_DATABASE_URL": database_url,
        "WHENCE_PORT": str(port),
        "WHENCE_RATE_LIMIT_PER_KEY": "off",
        "WHENCE_RATE_LIMIT_PUBLIC": "off",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "whence", "serve"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process)
        yield Service(url, environment)
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0, output


def _wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/readyz") as answer:  # noqa: S310 (our own server)
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            pass
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until, "the server did not become ready"
        time.sleep(0.1)


@pytest.fixture
def shop(service: Service) -> Shop:
    made = json.loads(service.whence("organizations", "create", "Ama's shop", "--json"))
    return Shop(service.url, made["id"], made["keys"]["test"], made["keys"]["live"])


@pytest.fixture(params=["with org_id", "without org_id"])
def client(shop: Shop, request: pytest.FixtureRequest) -> Reevit:
    return shop.client(org_id=shop.org_id if request.param == "with org_id" else None)
