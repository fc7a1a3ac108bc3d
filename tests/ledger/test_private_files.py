"""Private files: what holds people's data is its owner's alone."""

import os
import stat
from pathlib import Path

import pytest

from ledger.append import Append, NewFact
from ledger.database import open_engine, upgrade
from ledger.ledger import Ledger


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=["open", "usual", "strict"])
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_a_ledger_and_what_stands_beside_it_are_its_owners_alone(tmp_path, clock):
    folder = tmp_path / "srv" / "whence"
    engine = open_engine(f"sqlite:///{folder / 'ledger.db'}")

    upgrade(engine)

    with Ledger(engine, clock=clock) as ledger:
        ledger.append(Append("org_x/test", (NewFact("pay_1", 1, "payment.noted", "{}"),)))
        made = {path.name: rights(path) for path in folder.iterdir()}
    engine.dispose()
    assert made == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    assert (rights(folder), rights(folder.parent)) == (0o700, 0o700)


def test_a_folder_and_a_file_that_are_there_keep_the_rights_somebody_gave_them(tmp_path):
    folder = tmp_path / "var"
    folder.mkdir()
    folder.chmod(0o750)
    (folder / "ledger.db").touch()
    (folder / "ledger.db").chmod(0o640)
    engine = open_engine(f"sqlite:///{folder / 'ledger.db'}")

    upgrade(engine)

    engine.dispose()
    assert (rights(folder), rights(folder / "ledger.db")) == (0o750, 0o640)
