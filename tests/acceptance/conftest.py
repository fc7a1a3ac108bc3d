"""A running `whence serve`, a fresh organization in it, and its official client."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from postgresql import databases_on
from reevit import Reevit
from server import Server, Shop, found_shop


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def kept_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One for all tests of a run: each has an organization of its own in it.

    It stands still between them: looking whether there is anything to do takes its time as well.
    """
    folder = tmp_path_factory.mktemp(f"server-{request.param}")
    with ExitStack() as stack:
        database_url = f"sqlite:///{folder / 'ledger.db'}"
        if request.param == "postgresql":
            postgresql = request.getfixturevalue("postgresql_server")
            database_url = stack.enter_context(databases_on(postgresql))()
        server = Server(database_url, folder)
        server.start()
        server.pause()
        yield server
        server.resume()
        server.stop()


@pytest.fixture
def server(kept_server: Server) -> Iterator[Server]:
    kept_server.resume()
    yield kept_server
    kept_server.pause()


@pytest.fixture
def shop(server: Server) -> Shop:
    return found_shop(server)


@pytest.fixture
def client(shop: Shop, request: pytest.FixtureRequest) -> Reevit:
    """On one database it names its organization with each request, on the other it does not."""
    names_it = request.node.callspec.params["kept_server"] == "sqlite"
    return shop.client(org_id=shop.org_id if names_it else None)
