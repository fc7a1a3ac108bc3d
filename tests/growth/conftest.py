"""Books of two sizes, one ten times the other, in views of both databases.

There is a third that exists only for the planner: it takes the large one for a book of a million.
"""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from query_plans import Imagined
from synthetic_book import BOOK, fold_into, synthetic_facts

from ledger.database import open_engine
from projections.engine.generations.generation import (
    Generation,
    postgresql_generation,
    sqlite_generation,
)
from projections.engine.querying import candidates
from projections.read_models import DEFINITIONS

SIZES = {"small": 1_000, "large": 10_000}
MILLION = 1_000_000


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """In books of this size, few are fewer."""
    monkeypatch.setattr(candidates, "FEW", 50)


@pytest.fixture(scope="session")
def sqlite_books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Generation]]:
    books = {}
    for number, (name, size) in enumerate(SIZES.items(), start=1):
        path = tmp_path_factory.mktemp("growth") / f"views-{number}.db"
        books[name] = sqlite_generation(path, number, DEFINITIONS.digest())
        fold_into(books[name], DEFINITIONS, BOOK, synthetic_facts(size, size))
    yield books
    for each in books.values():
        each.close()


@pytest.fixture(scope="session")
def postgresql_books(server_with_trigrams: str) -> Iterator[dict[str, Generation]]:
    books = {}
    engine = open_engine(server_with_trigrams)
    for number, (name, size) in enumerate(SIZES.items(), start=1):
        schema = f"views_{uuid4().hex}"
        books[name] = postgresql_generation(engine, schema, number, DEFINITIONS.digest())
        fold_into(books[name], DEFINITIONS, BOOK, synthetic_facts(size, size))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # What was written becomes visible to reading from the index alone.
            for table in DEFINITIONS.tables:
                connection.exec_driver_sql(f"VACUUM {schema}.{table.name}")
    yield books
    for each in books.values():
        each.drop()
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest) -> dict[str, Generation | Imagined]:
    books = request.getfixturevalue(f"{request.param}_books")
    return {**books, "million": Imagined(books["large"], MILLION // SIZES["large"])}
