"""`whence db backup`: a file that is whole, or no file."""

import contextlib
import json
import sqlite3
import stat

import pytest
from sqlalchemy import text

from ledger.chain import Chain
from ledger.database import open_engine, writing
from ledger.reading import heads
from ledger.verifying import verify


@pytest.fixture
def store(whence, monkeypatch, database_url):
    monkeypatch.setenv("WHENCE_DATABASE_URL", database_url)
    assert whence("organizations", "create", "Ama's shop").returncode == 0
    return database_url


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def chains(database_url):
    engine = open_engine(database_url)
    found = {book: verify(engine, book) for book in heads(engine)}
    engine.dispose()
    assert all(isinstance(chain, Chain) for chain in found.values())
    return {book: (chain.position, chain.digest.hex()) for book, chain in found.items()}


def test_a_backup_prints_the_positions_and_digests_that_were_read_back(whence, store, folder):
    file = folder / "ledger.db"

    told = json.loads(whence("db", "backup", str(file), "--json").stdout)

    printed = {each["book"]: (each["position"], each["digest"]) for each in told["books"]}
    assert printed == chains(store) == chains(f"sqlite:///{file}")
    assert told["facts"] == 4
    assert told["epoch"] == 2


def test_a_backup_is_one_file_of_its_owners_alone(whence, store, folder):
    printed = whence("db", "backup", str(folder / "new" / "ledger.db")).stdout

    assert [path.name for path in (folder / "new").iterdir()] == ["ledger.db"]
    assert stat.S_IMODE((folder / "new" / "ledger.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "new").stat().st_mode) == 0o700
    for book, (position, digest) in chains(store).items():
        assert any(
            all(each in line for each in (book, str(position), digest))
            for line in printed.splitlines()
        )


def test_a_backup_of_a_store_that_was_touched_leaves_no_file(whence, store, folder):
    engine = open_engine(store)
    with writing(engine) as connection:
        schema = "whence." if connection.dialect.name == "postgresql" else ""
        connection.execute(
            text(f"UPDATE {schema}events SET topic = 'organization.lost' WHERE position = 2")  # noqa: S608 (our own)
        )
    engine.dispose()

    refused = whence("db", "backup", str(folder / "ledger.db"))

    assert refused.returncode == 1
    assert "position 2 changed" in refused.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_that_a_fault_cuts_short_leaves_no_file(whence, tmp_path, folder):
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as other, other:
        other.execute("DROP TABLE replies")

    refused = whence("db", "backup", str(folder / "ledger.db"))

    assert refused.returncode == 1
    assert "the database failed" in refused.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_overwrites_nothing(whence, folder):
    (folder / "ledger.db").write_text("kept")

    refused = whence("db", "backup", str(folder / "ledger.db"))

    assert refused.returncode == 1
    assert "is there already: nothing is overwritten" in refused.stderr
    assert (folder / "ledger.db").read_text() == "kept"
