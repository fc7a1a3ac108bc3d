"""docs/backups.md: every command on it does what it says, on either database."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from whence_program import whence_in

PAGE = (Path(__file__).parents[2] / "docs/backups.md").read_text()


def commands(heading: str) -> list[str]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def run(script: str, environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 (the page's own commands)
        ["sh", "-eu", "-c", script],  # noqa: S607 (whichever shell there is)
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def scheduled(whence, monkeypatch, database_url, tmp_path):
    """What a scheduled backup runs with, on a store that has something in it."""
    monkeypatch.setenv("WHENCE_DATABASE_URL", database_url)
    assert whence("demo", "--customers", "5", "--payments", "20").returncode == 0
    programs = tmp_path / "programs"
    with whence_in(programs):
        yield os.environ | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "WHENCE_DATABASE_URL": database_url,
            "WHENCE_BACKUPS": str(tmp_path / "backups"),
            "WHENCE_FOLDER": str(tmp_path),
        }


@pytest.fixture
def latest(scheduled, tmp_path):
    """The file that a scheduled run has made."""
    [script] = commands("On a schedule")
    run(script, scheduled)
    [file] = (tmp_path / "backups").glob("*.db")
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name, f"{file.name}.txt"]
    return file


@pytest.mark.usefixtures("latest")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_latest_backup_is_proven_on_a_machine_of_its_own(scheduled):
    [script] = commands("Prove it")

    run(script, scheduled)


def test_a_backup_is_restored(scheduled, latest, database_url, new_postgresql, whence):
    on_sqlite, on_postgresql = commands("Restore")
    facts = whence("events", "--json").stdout

    if database_url.startswith("sqlite"):
        run(on_sqlite, scheduled | {"latest": str(latest)})
    else:
        other = new_postgresql()
        run(on_postgresql, scheduled | {"latest": str(latest), "NEW_DATABASE_URL": other})

    assert whence("events", "--json").stdout == facts
