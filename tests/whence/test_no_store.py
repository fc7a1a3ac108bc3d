"""A store that is not there: whoever only reads says so, and makes nothing."""

import pytest
from sqlalchemy import inspect

from ledger.database import open_engine

READING = [
    ("verify",),
    ("rebuild",),
    ("events",),
    ("events", "--follow"),
    ("organizations", "list"),
    ("organizations", "update", "org_x", "--name", "Kente"),
    ("keys", "list", "org_x"),
    ("keys", "create", "org_x"),
    ("keys", "revoke", "org_x", "key_1"),
    ("generations", "list"),
    ("generations", "switch", "1"),
    ("generations", "drop", "1"),
    ("db", "backup", "backup.db"),
    ("db", "copy", "sqlite:///copy/ledger.db"),
    ("db", "restored"),
    ("db", "distribute"),
]


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("upgrading", ["true", "false"])
@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_command_that_reads_refuses_a_file_that_is_not_there_and_makes_none(
    whence, command, empty_folder, monkeypatch, upgrading
):
    monkeypatch.setenv("WHENCE_DATABASE_URL", "sqlite:///vra/ledger.db")
    monkeypatch.setenv("WHENCE_UPGRADE_ON_START", upgrading)

    refused = whence(*command)

    assert refused.returncode == 2
    assert refused.stderr.startswith("whence: there is no store in vra/ledger.db: ")
    assert refused.stderr.count("\n") == 1
    assert list(empty_folder.rglob("*")) == []


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_command_that_reads_refuses_an_empty_database_and_leaves_it_empty(
    whence, command, empty_folder, monkeypatch, postgresql_url
):
    monkeypatch.setenv("WHENCE_DATABASE_URL", postgresql_url)

    refused = whence(*command)

    assert refused.returncode == 2
    assert refused.stderr.startswith("whence: there is no store in ")
    assert list(empty_folder.rglob("*")) == []
    engine = open_engine(postgresql_url)
    assert "whence" not in inspect(engine).get_schema_names()
    engine.dispose()


@pytest.mark.usefixtures("empty_folder")
def test_a_file_without_a_ledger_is_no_store(whence, tmp_path, monkeypatch):
    (tmp_path / "other.db").touch()
    monkeypatch.setenv("WHENCE_DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")

    refused = whence("verify")

    assert refused.returncode == 2
    assert "there is no store in " in refused.stderr
