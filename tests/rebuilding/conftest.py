"""Services and commands of this release and of the next, on one store."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from server import Server, Shop, found_shop

NEXT_RELEASE = Path(__file__).parent / "next_release.py"


@pytest.fixture
def new_server(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes services of one store, not started yet; whatever runs at the end is killed."""
    made: list[Server] = []

    def make(**options: object) -> Server:
        made.append(Server(database_url, tmp_path, **options))
        return made[-1]

    yield make
    for server in made:
        server.kill()


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """While this file is there, builds of the held release stand still in a test book."""
    file = tmp_path / "held"
    file.touch()
    return file


@pytest.fixture
def this_release(new_server) -> Server:
    """Has no view of payments by amount."""
    return new_server()


@pytest.fixture
def next_release(new_server) -> Server:
    """Has one view more; whoever has a key to it may work on the whole store."""
    return new_server(program=NEXT_RELEASE, WHENCE_SYSTEM_OPERATORS="*")


@pytest.fixture
def held_release(new_server, held) -> Server:
    """The next release as well, but what it folds stands still while it is held."""
    return new_server(program=NEXT_RELEASE, NEXT_RELEASE_HELD_BY=str(held))


class Merchant:
    """Sells and asks, at whichever server."""

    def __init__(self, shop: Shop) -> None:
        self._headers = {"X-Reevit-Key": shop.test_key}

    def sell(self, server: Server) -> None:
        body = {"amount": 4000, "currency": "GHS"}
        assert self._request(server, "POST", "/v1/payments/intents", json=body).status_code == 201

    def ask(self, server: Server) -> httpx2.Response:
        return self._request(server, "GET", "/v1/payments")

    def payments(self, server: Server) -> int:
        """How many there are, nothing that was recorded before the question left out."""
        answer = self.ask(server)
        assert answer.status_code == 200, answer.text
        assert "Whence-Behind" not in answer.headers
        return len(answer.json())

    def _request(self, server: Server, method: str, path: str, **body: object) -> httpx2.Response:
        with httpx2.Client(base_url=server.url, headers=self._headers, timeout=30) as client:
            return client.request(method, path, **body)


@pytest.fixture
def merchant(database_url, tmp_path) -> Merchant:
    """Somebody with an organization in the store."""
    return Merchant(found_shop(Server(database_url, tmp_path)))
