"""A rebuild that is ended leaves the views that serve; one whose views serve is ended by nobody."""

import asyncio
import signal
import threading
import time

import pytest

from commands.handling.handler import CommandHandler, Context
from commands.handling.ids import Ids
from commands.organizations import found_organization
from ledger.facts import FactMapper
from projections.engine.generations.generations import Generations
from projections.engine.rebuilding.rebuild import ensure_views
from projections.engine.rebuilding.runs import RunIsOver, Runs
from projections.read_models import DEFINITIONS
from whence import maintenance


@pytest.fixture
def organization(ledger, clock):
    """Something to read again."""
    handler = CommandHandler(ledger, clock=clock, ids=Ids(clock))
    asyncio.run(found_organization(handler, "Ama's shop", context=Context()))
    handler.close()


@pytest.fixture
def generations(engine, ledger, organization, clock, tmp_path):  # noqa: ARG001 (is to be there)
    with Generations(engine, tmp_path, clock=clock) as generations:
        ensure_views(ledger, generations, FactMapper(), DEFINITIONS)
        yield generations


@pytest.fixture
def runs(engine, clock):
    return Runs(engine, clock)


def rebuilt(ledger, generations, **how):
    with maintenance.run_of(ledger, "rebuild") as work:
        return maintenance.rebuild(ledger, generations, work, processes=1, **how)


def serving(generations):
    return [each.number for each in generations.list() if each.state == "serving"]


def test_what_is_canceled_just_before_the_switch_does_not_serve(ledger, generations, runs):
    def cancel(_state):
        runs.cancel(1)

    with pytest.raises(maintenance.RunCanceled):
        rebuilt(ledger, generations, notice=cancel)

    assert serving(generations) == [1]
    assert runs.latest()[0].state == "canceled"


def test_what_serves_is_canceled_by_nobody(ledger, generations, runs):
    refused = []

    def cancel_once_it_serves():
        while serving(generations) != [2]:
            pass
        with pytest.raises(RunIsOver) as reason:
            runs.cancel(1)
        refused.append(reason)

    canceling = threading.Thread(target=cancel_once_it_serves)
    canceling.start()
    rebuilt(ledger, generations)
    canceling.join()

    assert len(refused) == 1
    assert serving(generations) == [2]
    [run] = runs.latest()
    assert (run.state, '"generation":2' in run.report) == ("done", True)


def test_what_a_shell_began_in_the_background_is_canceled_too(ledger, runs, monkeypatch):
    monkeypatch.setattr(maintenance, "_SAID_EVERY_SECONDS", 0.05)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def last_and_be_canceled():
        with maintenance.run_of(ledger, "rebuild"):
            runs.cancel(1)
            time.sleep(20)

    try:
        with pytest.raises(maintenance.RunCanceled):
            last_and_be_canceled()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
