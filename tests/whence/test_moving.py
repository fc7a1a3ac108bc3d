"""Copy and backup of a store in use: it is the same store, to the digest."""

import asyncio
import shutil
from collections.abc import Iterator

import httpx2
import pytest
from payment_client import PaymentClient, everything_is_there_once
from server import Server, found_shop
from store_check import examined, is_sound


def test_there_and_back_again_every_position_checkpoint_and_digest_is_the_same(
    whence, environment, monkeypatch, tmp_path, postgresql_url
):
    here = environment["WHENCE_DATABASE_URL"]
    back = f"sqlite:///{tmp_path / 'back' / 'ledger.db'}"
    assert whence("demo", "--customers", "10", "--payments", "40").returncode == 0
    facts = whence("events", "--json").stdout

    moved = []
    for url, onward in ((here, postgresql_url), (postgresql_url, back), (back, None)):
        monkeypatch.setenv("WHENCE_DATABASE_URL", url)
        assert whence("rebuild", "--processes", "1").returncode == 0
        assert whence("events", "--json").stdout == facts
        moved.append(examined(url))
        if onward is not None:
            assert whence("db", "copy", onward).returncode == 0

    first, *others = moved
    assert first.is_sound
    assert sum(table.rows for book in first.books for table in book.tables) > 100
    # Only the number of the set of views may be another.
    assert [each.books for each in others] == [first.books, first.books]


@pytest.fixture
def server(database_url: str, tmp_path) -> Iterator[Server]:
    server = Server(database_url, tmp_path)
    server.start()
    yield server
    server.kill()


def test_a_backup_made_under_load_is_whole_and_has_all_that_was_acknowledged(server, tmp_path):
    payments = PaymentClient(found_shop(server), breath_seconds=0.1)

    # A folder of its own: the views of a store stand beside it.
    backup = tmp_path / "restored" / "backup.db"
    backup.parent.mkdir()

    acknowledged = asyncio.run(backed_up_under_load(server, payments, backup))

    everything_is_there_once(payments)
    restored = Server(f"sqlite:///{backup}", tmp_path)
    restored.start()
    try:
        assert is_sound(restored.database_url)
        payments.shop = type(payments.shop)(
            restored, payments.shop.org_id, payments.shop.test_key, payments.shop.live_key
        )
        first_answers = {key: payments.answers[key] for key in acknowledged}
        assert asyncio.run(payments.ask_again(acknowledged)) == first_answers
    finally:
        restored.kill()


async def backed_up_under_load(server: Server, payments: PaymentClient, file) -> list[str]:
    """The keys of what was acknowledged before the backup began."""
    working = asyncio.create_task(payments.work_until_cut())
    while len(payments.answers) < 50:  # noqa: ASYNC110 (the client tells nobody)
        await asyncio.sleep(0.02)
    acknowledged = list(payments.answers)
    done = await asyncio.to_thread(server.whence, "db", "backup", str(file))
    assert done.returncode == 0, done.stderr
    assert len(payments.answers) > len(acknowledged)
    payments.closing = True
    await working
    return acknowledged


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_put_back_is_noticed_even_by_who_forgets_to_say_so(server, database_url, tmp_path):
    payments = PaymentClient(found_shop(server), breath_seconds=0.1)
    asyncio.run(backed_up_under_load(server, payments, tmp_path / "backup.db"))
    before = store_named(payments)
    server.stop()
    ledger = tmp_path / "ledger.db"
    for suffix in ("-wal", "-shm"):
        ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", ledger)

    server.start()

    store_id, epoch = store_named(payments).split(".")
    assert before == f"{store_id}.{int(epoch) - 1}"
    assert is_sound(database_url)
    # What the backup lacks is done when it is asked for again, under the same keys.
    payments.answers = asyncio.run(payments.ask_again(list(payments.bodies)))
    everything_is_there_once(payments)


def store_named(payments: PaymentClient) -> str:
    headers = {"X-Reevit-Key": payments.shop.test_key}
    return httpx2.get(f"{payments.shop.url}/v1/payments", headers=headers).headers["Whence-Store"]
