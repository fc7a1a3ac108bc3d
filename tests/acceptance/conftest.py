"""A running `whence serve`, a fresh organization in it, and its official client."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from reevit import Reevit
from server import Server, Shop, found_shop
from sqlalchemy import make_url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One for all tests of a run: each has an organization of its own in it."""
    folder = tmp_path_factory.mktemp(f"server-{request.param}")
    if request.param == "sqlite":
        database_url = f"sqlite:///{folder / 'ledger.db'}"
    else:
        database_url = _new_database(request.getfixturevalue("postgresql_server"))
    server = Server(database_url, folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def shop(server: Server) -> Shop:
    return found_shop(server)


@pytest.fixture(params=["with org_id", "without org_id"])
def client(shop: Shop, request: pytest.FixtureRequest) -> Reevit:
    return shop.client(org_id=shop.org_id if request.param == "with org_id" else None)


def _new_database(server: str) -> str:
    """A database on the PostgreSQL server of the test run, gone with it."""
    name = f"whence_acceptance_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return make_url(server).set(database=name).render_as_string(hide_password=False)
