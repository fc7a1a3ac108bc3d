"""Copying: a store moves into another database, whole."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select
from statement_scope import offences, recorded
from tables import make_tables

from ledger.append import Append, Claim, Done, NewFact, Reply
from ledger.chain import Chain
from ledger.copying import StoreNotEmpty, copy_store
from ledger.database import open_engine
from ledger.ledger import Ledger
from ledger.reading import identity
from ledger.schema import (
    books,
    claims,
    deliveries,
    delivery_attempts,
    delivery_cursors,
    events,
    replies,
    workflow_actions,
    workflow_cursors,
    workflow_executions,
)

DELIVERED = (delivery_cursors, deliveries, delivery_attempts)
FOLLOWED = (workflow_cursors, workflow_executions, workflow_actions)
COPIED = (books, events, claims, replies, *DELIVERED, *FOLLOWED)


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, new_postgresql: Callable[[], str]
) -> Iterator[Engine]:
    """Another database, with the tables of a ledger and nothing in them."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'elsewhere' / 'ledger.db'}"
    else:
        url = new_postgresql()
    engine = open_engine(url)
    make_tables(engine)
    yield engine
    engine.dispose()


def fill(ledger: Ledger, clock) -> None:
    for book in ("org_a/test", "org_b/live"):
        for number in range(1, 30):
            stream = f"cus_{number}"
            ledger.append(
                Append(
                    book,
                    facts=(NewFact(stream, 1, "customer.registered", f'{{"Ünï": {number}}}'),),
                    expected={stream: 0},
                    claims=(Claim("external_id", f"usr_{number}", stream),),
                    reply=Reply(f"key {number}", "f", 201, "{}", clock() + timedelta(hours=24)),
                    context='{"actor": "ama"}',
                )
            )


def deliver(engine: Engine) -> None:
    told = {"book": "org_a/test", "follower": "we_1", "cursor": "live"}
    stands = {"until": 0, "failing_since": "", "failures": 0, "next_probe_at": "", "error": ""}
    behind = {"lane": "cus_3", "state": "retrying", "attempts": 1, "next_attempt_at": "2026"}
    sent = {"attempt": 1, "at": "2026", "url": "https://a.example", "milliseconds": 7}
    answered = {"http_status": 500, "response": "", "error": "it failed"}
    with engine.begin() as connection:
        connection.execute(insert(delivery_cursors).values(**told, position=9, **stands))
        connection.execute(insert(deliveries).values(**told, position=3, **behind))
        connection.execute(insert(delivery_attempts).values(**told, position=3, **sent, **answered))


def follow(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in FOLLOWED:
            numbers = {column.name: 3 for column in table.columns if column.type.python_type is int}
            texts = {column.name: "x" for column in table.columns if column.name not in numbers}
            connection.execute(insert(table).values(**numbers, **texts | {"book": "org_a/test"}))


def rows(engine: Engine) -> list[list[tuple[object, ...]]]:
    with engine.connect() as connection:
        return [
            [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in COPIED
        ]


def test_a_store_moves_with_every_position_and_digest(ledger, clock, elsewhere):
    fill(ledger, clock)
    deliver(ledger.engine)
    follow(ledger.engine)

    copy_store(ledger.engine, elsewhere)

    assert rows(elsewhere) == rows(ledger.engine)
    with Ledger(elsewhere, clock=clock) as moved:
        assert isinstance(moved.verify("org_a/test"), Chain)
        onward = Append("org_a/test", facts=(NewFact("cus_x", 1, "customer.registered", "{}"),))
        assert moved.append(onward) == Done(30)


def test_a_store_on_a_cluster_moves_book_by_book(cluster_url, clock, elsewhere, monkeypatch):
    monkeypatch.setattr("ledger.copying._PAGE", 7)
    source = open_engine(cluster_url)
    with Ledger(source, clock=clock) as ledger:
        fill(ledger, clock)

    told: list[tuple[int, int]] = []
    with recorded(cluster_url) as sent:
        copy_store(source, elsewhere, notice=lambda *so_far: told.append(so_far))

    assert rows(elsewhere) == rows(source)
    assert told[-1] == (58, 58)
    assert offences(sent, alone=True) == {}
    source.dispose()


def test_the_copy_is_the_same_store_in_its_next_epoch(ledger, clock, elsewhere):
    fill(ledger, clock)
    before = identity(ledger.engine)

    copied = copy_store(ledger.engine, elsewhere)

    assert copied == identity(elsewhere)
    assert (copied.store_id, copied.epoch) == (before.store_id, before.epoch + 1)


def test_a_store_that_holds_facts_is_not_overwritten(ledger, clock, elsewhere):
    fill(ledger, clock)
    copy_store(ledger.engine, elsewhere)

    with pytest.raises(StoreNotEmpty):
        copy_store(ledger.engine, elsewhere)


def test_a_copy_that_is_interrupted_leaves_nothing(ledger, clock, elsewhere):
    fill(ledger, clock)

    def interrupt(_facts: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_store(ledger.engine, elsewhere, notice=interrupt)

    assert rows(elsewhere) == [[] for _ in COPIED]
    copy_store(ledger.engine, elsewhere)
    assert rows(elsewhere) == rows(ledger.engine)


def test_a_store_in_use_is_copied_as_of_one_moment(ledger, clock, elsewhere):
    fill(ledger, clock)
    more = Append("org_a/test", facts=(NewFact("cus_y", 1, "customer.registered", "{}"),))

    copy_store(ledger.engine, elsewhere, notice=lambda _facts, _total: ledger.append(more))

    with Ledger(elsewhere, clock=clock) as moved:
        assert moved.head("org_a/test") == 29
        assert isinstance(moved.verify("org_a/test"), Chain)
    assert ledger.head("org_a/test") > 29
