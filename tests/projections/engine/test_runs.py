"""Runs: what is rebuilt and verified, by whom, and what came of it."""

import pytest
from sqlalchemy import event, update

from ledger.schema import maintenance_runs
from projections.engine.rebuilding.runs import RunIsOver, RunNotFound, Runs, RunUnderWay

ASKED = {"organization": "org_x", "asked_by": "key_y"}


@pytest.fixture
def runs(shop, clock):
    return Runs(shop.engine, clock)


@pytest.fixture
def let_time_pass(shop):
    """Whoever is at a run has not been heard of for so long."""

    def passed():
        with shop.engine.begin() as connection:
            connection.execute(update(maintenance_runs).values(held_until=1))

    return passed


def test_what_was_asked_for_waits_until_somebody_takes_it_and_nobody_else_does(runs):
    asked = runs.ask("rebuild", **ASKED)

    taken = runs.take(holder="one")

    assert (asked.state, asked.began_at) == ("waiting", None)
    assert taken.number == asked.number
    assert runs.take(holder="two") is None
    [run] = runs.latest()
    assert (run.state, run.organization, run.asked_by) == ("running", "org_x", "key_y")


def test_whoever_looks_for_work_is_told_nothing_of_what_is_over(runs, shop):
    """Each process that folds looks every second, and reports may be long."""
    runs.end(runs.begin("verify", holder="me"), "me", "done", report='{"sound":true}')
    asked = []

    def note(_connection, _cursor, statement, parameters, *_):
        if "maintenance_runs" in statement:
            asked.append((statement, parameters))

    event.listen(shop.engine, "before_cursor_execute", note)
    assert runs.take(holder="me") is None
    event.remove(shop.engine, "before_cursor_execute", note)

    with shop.engine.connect() as connection:
        found = [connection.exec_driver_sql(*each).all() for each in asked]
    assert found == [[]]


def test_one_is_under_way_at_a_time(runs):
    runs.ask("rebuild", **ASKED)

    with pytest.raises(RunUnderWay, match="a rebuild is under way: run 1"):
        runs.ask("verify", **ASKED)

    runs.cancel(1)
    assert runs.ask("verify", **ASKED).number == 2


def test_whoever_is_at_it_says_how_far_it_is_and_what_came_of_it(runs):
    run = runs.begin("verify", holder="me")

    is_mine = runs.note(run, "me", facts=5, total=9)
    noted = runs.latest()[0]
    runs.end(run, "me", "done", report='{"sound":true}')
    ended = runs.latest()[0]

    assert is_mine
    assert (noted.state, noted.facts, noted.total) == ("running", 5, 9)
    assert (ended.state, ended.report) == ("done", '{"sound":true}')
    assert not runs.note(run, "me", facts=9, total=9)


def test_a_run_whose_process_is_gone_is_begun_again_so_many_times(runs, let_time_pass):
    runs.ask("rebuild", **ASKED)

    for holder in ("one", "two", "three"):
        assert runs.take(holder=holder) is not None
        let_time_pass()

    assert runs.take(holder="four") is None
    assert runs.latest()[0].state == "interrupted"
    assert runs.ask("rebuild", **ASKED).state == "waiting"


def test_one_of_the_operator_is_begun_by_nobody_else(runs, let_time_pass):
    runs.begin("rebuild", holder="me")

    let_time_pass()

    assert runs.latest()[0].state == "interrupted"
    assert runs.take(holder="one") is None


def test_whoever_was_thought_to_be_gone_says_no_more_once_another_is_at_it(runs, let_time_pass):
    run = runs.ask("rebuild", **ASKED)
    runs.take(holder="one")
    let_time_pass()
    runs.take(holder="two")

    assert not runs.note(run, "one", facts=1, total=9)
    assert not runs.end(run, "one", "failed")
    assert runs.note(run, "two", facts=1, total=9)


def test_what_is_let_go_is_taken_by_another_at_once_and_no_try_is_lost(runs):
    run = runs.ask("rebuild", **ASKED)
    for _ in range(5):
        assert runs.take(holder="me") is not None
        runs.let_go(run, "me")

    assert runs.latest()[0].state == "waiting"


def test_whoever_is_at_a_run_that_was_canceled_learns_it(runs):
    run = runs.ask("rebuild", **ASKED)
    runs.take(holder="me")

    canceled = runs.cancel(run.number)

    assert canceled.state == "canceled"
    assert not runs.note(run, "me", facts=1, total=9)
    assert runs.cancel(run.number) == canceled


def test_what_is_over_is_not_canceled_and_what_is_not_there_is_not_found(runs):
    run = runs.begin("verify", holder="me")
    runs.end(run, "me", "done")

    with pytest.raises(RunIsOver, match="run 1 is over: done"):
        runs.cancel(1)
    with pytest.raises(RunNotFound):
        runs.cancel(7)


def test_the_latest_are_remembered(runs):
    for _ in range(60):
        runs.end(runs.begin("verify", holder="me"), "me", "done")

    assert [run.number for run in runs.latest()] == list(range(60, 10, -1))
