"""Nothing is acknowledged that was written to files which were taken away."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import event

from ledger.append import Done
from ledger.errors import StoreReplaced


@pytest.fixture
def database_url(sqlite_url):
    """PostgreSQL keeps its files itself."""
    return sqlite_url


@pytest.fixture
def file(engine):
    return Path(engine.url.database)


def taken_away(file):
    file.unlink()


def taken_away_with_all_its_files(file):
    for each in file.parent.glob(f"{file.name}*"):
        each.unlink()


def moved_away(file):
    file.rename(file.with_name("elsewhere.db"))


def robbed_of_its_log(file):
    file.with_name(f"{file.name}-wal").unlink()


def emptied(file):
    file.open("w").close()


def replaced_by_a_backup(file):
    backup = file.with_name("backup.db")
    shutil.copy(file, backup)
    backup.replace(file)


@pytest.mark.parametrize(
    "happened",
    [
        taken_away,
        taken_away_with_all_its_files,
        moved_away,
        robbed_of_its_log,
        emptied,
        replaced_by_a_backup,
    ],
)
def test_nothing_is_acknowledged_into_the_void(ledger, created, file, happened):
    assert ledger.append(created("pay_1")) == Done(1)

    happened(file)

    for payment in ("pay_2", "pay_3"):
        with pytest.raises(StoreReplaced):
            ledger.append(created(payment))


def test_nothing_is_acknowledged_that_was_committed_while_its_file_was_taken_away(
    ledger, created, file, engine
):
    ledger.append(created("pay_1"))
    event.listen(engine, "commit", lambda _: file.unlink(missing_ok=True))

    with pytest.raises(StoreReplaced):
        ledger.append(created("pay_2"))


def test_once_the_file_is_back_all_that_was_acknowledged_is_there_and_more_is_taken(
    ledger, created, file
):
    ledger.append(created("pay_1"))
    away = file.with_name("elsewhere.db")
    file.rename(away)
    with pytest.raises(StoreReplaced):
        ledger.append(created("pay_2"))

    away.rename(file)

    assert ledger.append(created("pay_2")) == Done(2)
    assert [fact.stream for fact in ledger.read("org_x/test", limit=9)] == ["pay_1", "pay_2"]


def test_no_empty_store_is_made_where_one_was_taken_away(ledger, created, engine, file):
    ledger.append(created("pay_1"))
    taken_away_with_all_its_files(file)
    engine.dispose()

    with pytest.raises(StoreReplaced):
        ledger.heads()

    assert not file.exists()
