"""No error prints what is stored: names, addresses and numbers of people stay in the store."""

import contextlib
import json
import sqlite3

import pytest
from psycopg import errors
from sqlalchemy.exc import DataError, OperationalError

from ledger.errors import LedgerUnavailable
from whence.errors import kind_and_place
from whence.settings import Settings
from whence.wiring import open_database


@pytest.fixture
def spoiled(whence, tmp_path):
    """A store in which one byte of a fact is no text any more."""
    made = json.loads(whence("organizations", "create", "Ama Mensah", "--json").stdout)
    assert whence("rebuild").returncode == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as other, other:
        other.execute(
            "UPDATE events SET data = CAST(CAST(data AS BLOB) || x'ff' AS TEXT) WHERE position = 1"
        )
    return made["id"]


@pytest.mark.usefixtures("spoiled")
@pytest.mark.parametrize(
    "command",
    [("events",), ("verify",), ("rebuild",), ("organizations", "list"), ("db", "backup", "{new}")],
    ids=" ".join,
)
def test_a_fact_that_cannot_be_read_is_not_printed(whence, tmp_path, command):
    refused = whence(*(word.format(new=tmp_path / "backup.db") for word in command))

    said = refused.stdout + refused.stderr
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("whence: ")
    assert "Ama" not in said
    assert "Traceback" not in said
    assert not (tmp_path / "backup.db").exists()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DataError("", {}, errors.InvalidTextRepresentation("integer: Ama")), "InvalidText"),
        (
            OperationalError("", {}, sqlite3.OperationalError("Could not decode with text 'Ama'")),
            "Could not decode",
        ),
    ],
)
def test_what_a_database_says_of_a_value_is_left_out(sqlite_url, error, told):
    with (
        pytest.raises(LedgerUnavailable, match=f"the database failed: .*{told}") as raised,
        open_database(Settings.load(database_url=sqlite_url).database_url, upgraded=True),
    ):
        raise error

    assert "Ama" not in str(raised.value)


def test_a_fault_is_said_by_its_kind_and_place():
    try:
        Settings.load(database_url=7)
    except Exception as fault:  # noqa: BLE001 (whatever it is)
        told = kind_and_place(fault)

    assert told.startswith("WrongSetting in whence/settings.py:")
