"""A rebuild that does not come to its end harms nobody, and leaves nothing behind for long."""

import signal

import pytest
from generations import building, is_built, serving_number
from server import PATIENCE_SECONDS, Server
from waiting import awaited

pytestmark = pytest.mark.takes_long


@pytest.fixture
def served(next_release, merchant) -> Server:
    """A service with a payment in its views."""
    next_release.start()
    merchant.sell(next_release)
    return next_release


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL], ids=lambda each: each.name)
def test_an_ended_rebuild_leaves_the_service_alone_and_the_next_clears_the_rest(
    served, held_release, merchant, end
):
    rebuilding = held_release.begin("rebuild")
    awaited(lambda: is_built(served))
    [given_up] = building(served)

    rebuilding.send_signal(end)
    assert rebuilding.wait(PATIENCE_SECONDS) != 0
    left = building(served)
    merchant.sell(served)
    answered = merchant.payments(served)
    rebuilt = served.whence("rebuild")

    assert left == ([given_up] if end == signal.SIGKILL else [])
    assert answered == 2
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert building(served) == []
    assert serving_number(served) > given_up
    assert merchant.payments(served) == 2
    assert served.whence("verify").returncode == 0


def test_a_rebuild_that_was_paused_until_it_was_given_up_does_not_come_back(
    served, held_release, held, merchant
):
    rebuilding = held_release.begin("rebuild")
    awaited(lambda: building(served))
    rebuilding.send_signal(signal.SIGSTOP)

    assert served.whence("rebuild").returncode == 0
    number = serving_number(served)
    held.unlink()
    rebuilding.send_signal(signal.SIGCONT)

    assert rebuilding.wait(PATIENCE_SECONDS) == 1
    assert building(served) == []
    assert serving_number(served) == number
    assert merchant.payments(served) == 1


def test_a_killed_service_that_was_building_views_is_relieved_by_another(
    this_release, next_release, held_release, merchant
):
    this_release.start()
    merchant.sell(this_release)
    held_release.start()
    assert merchant.ask(held_release).status_code == 503

    held_release.kill()
    next_release.start()
    awaited(lambda: merchant.ask(next_release).status_code == 200)

    assert merchant.payments(next_release) == 1
    assert building(next_release) == []
