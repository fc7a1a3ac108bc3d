"""First run: keys are shown to people, and are kept from logs."""

import contextlib
import os
import stat

import pytest

from whence.errors import Unsuccessful
from whence.first_run import welcome
from whence.settings import Settings
from whence.wiring import recording

ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture
def settings(database_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Settings.load(database_url=database_url)


def test_where_nobody_looks_keys_are_in_a_file_beside_the_ledger(settings, tmp_path, capsys):
    welcome(settings, ADDRESS)

    folder = tmp_path / "var" if settings.on_postgresql else tmp_path
    written = (folder / "keys.txt").read_text()
    said = capsys.readouterr().out
    assert str(folder / "keys.txt") in said
    assert "pfk_" not in said
    assert f"{ADDRESS}/console" in said
    assert f"{ADDRESS}/console" in written
    assert written.count("pfk_test_") == 2  # in the request as well
    assert written.count("pfk_live_") == 1
    assert stat.S_IMODE((folder / "keys.txt").stat().st_mode) == 0o600
    assert [path for path in folder.iterdir() if path.name.startswith(".keys")] == []


def test_keys_of_another_store_stay_in_the_file(settings, tmp_path):
    file = tmp_path / "kept.txt"
    file.write_text("pfk_test_before\n")

    welcome(settings.model_copy(update={"keys_file": str(file)}), ADDRESS)

    assert file.read_text().startswith("pfk_test_before\n")
    assert "pfk_live_" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_keys_that_cannot_be_written_are_not_made(settings, tmp_path):
    (tmp_path / "file").touch()
    chosen = settings.model_copy(update={"keys_file": str(tmp_path / "file" / "keys.txt")})

    with pytest.raises(Unsuccessful, match="cannot be written to"):
        welcome(chosen, ADDRESS)

    with recording(settings) as ledger:
        assert ledger.heads() == {}


def test_on_a_terminal_keys_are_printed_and_written_nowhere(settings, tmp_path, monkeypatch):
    controller, terminal = os.openpty()
    with os.fdopen(terminal, "w") as screen:
        monkeypatch.setattr("sys.stdout", screen)
        welcome(settings, ADDRESS)
    shown = read_to_the_end(controller).decode()

    assert shown.count("pfk_test_") == 2
    assert f"curl {ADDRESS}/v1/customers" in shown
    assert list(tmp_path.rglob("*keys*")) == []


def read_to_the_end(controller):
    """What was shown comes in parts, and an error when the terminal is gone."""
    parts = []
    with os.fdopen(controller, "rb", buffering=0) as shown, contextlib.suppress(OSError):
        while part := shown.read(10_000):
            parts.append(part)
    return b"".join(parts)


def test_a_second_start_says_nothing(settings, capsys):
    welcome(settings, ADDRESS)
    capsys.readouterr()

    welcome(settings, ADDRESS)

    assert capsys.readouterr().out == ""
