"""Processes: whoever is alive on a store is listed, and whoever is gone is told of no more."""

import os

import pytest
from statement_scope import offences, recorded

from ledger.copying import copy_store
from ledger.database import open_engine, upgrade, writing
from ledger.processes import Duty, Presence, processes_of
from ledger.schema import processes

FOLDS = Duty("folding", "working")


@pytest.fixture
def begin(engine):
    """A process that was seen once."""

    def begin(kind="serve", duties=()):
        presence = Presence(engine, kind=kind, release="0.2.0", duties=lambda: duties)
        presence.renew()
        return presence

    return begin


@pytest.fixture
def let_time_pass(engine):
    """Nobody was seen for so long."""

    def passed(seconds):
        with writing(engine) as connection:
            earlier = processes.c.seen_at - seconds * 1_000_000
            connection.execute(processes.update().values(seen_at=earlier))

    return passed


def test_each_is_listed_with_where_it_runs_what_it_does_and_since_when(begin, engine):
    begin("serve", [Duty("serving", "working"), Duty("folding", "failing")])
    second = begin("project", [FOLDS])
    second.renew()

    serving, projecting = processes_of(engine)

    assert (serving.kind, projecting.kind) == ("serve", "project")
    assert serving.pid == projecting.pid == os.getpid()
    assert serving.host
    assert serving.release == "0.2.0"
    assert serving.duties == (Duty("serving", "working"), Duty("folding", "failing"))
    assert projecting.duties == (FOLDS,)
    assert serving.started_at == serving.seen_at <= projecting.started_at < projecting.seen_at
    assert not serving.is_silent
    assert not projecting.is_silent
    assert projecting.id == second.id != serving.id


def test_what_a_process_does_is_said_anew_each_time(begin, engine):
    duties = []
    presence = begin(duties=duties)
    duties.append(FOLDS)

    presence.renew()

    [told] = processes_of(engine)
    assert told.duties == (FOLDS,)


def test_one_that_was_not_seen_for_a_while_is_silent_until_it_is_seen_again(
    begin, engine, let_time_pass
):
    presence = begin()
    let_time_pass(Presence.silent_after_seconds + 1)

    [silent] = processes_of(engine)
    presence.renew()
    [back] = processes_of(engine)

    assert silent.is_silent
    assert not back.is_silent
    assert back.started_at == silent.started_at


def test_one_that_ends_is_told_of_no_more(begin, engine):
    ending, staying = begin(), begin()

    ending.end()

    assert [each.id for each in processes_of(engine)] == [staying.id]


def test_one_that_is_gone_is_taken_away_by_whoever_is_seen_later(begin, engine, let_time_pass):
    gone, staying = begin(), begin()
    let_time_pass(601)

    remembered = processes_of(engine)
    staying.renew()
    [left] = processes_of(engine)
    gone.renew()

    assert [each.is_silent for each in remembered] == [True, True]
    assert left.id == staying.id
    assert {each.id for each in processes_of(engine)} == {gone.id, staying.id}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_nobody_waits_for_the_row_of_another_who_stood_still_as_long(begin, engine, let_time_pass):
    begin()
    other = begin()
    let_time_pass(601)
    with writing(engine) as connection:
        connection.execute(processes.select().where(processes.c.id != other.id).with_for_update())

        other.renew()

    assert len(processes_of(engine)) == 2


def test_who_was_alive_on_a_store_is_not_copied_with_it(begin, engine, tmp_path):
    begin()
    target = open_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    upgrade(target)

    copy_store(engine, target)

    assert processes_of(target) == []
    target.dispose()


def test_on_a_cluster_no_statement_leaves_its_book(cluster_url):
    engine = open_engine(cluster_url)
    presence = Presence(engine, kind="serve", release="0.2.0", duties=tuple)
    with recorded(cluster_url) as sent:
        presence.renew()
        processes_of(engine)
        presence.end()
    engine.dispose()

    assert len(sent) >= 4
    assert offences(sent, alone=True) == {}
