"""How often a projector looks for what others recorded."""

import pytest

from projections.engine.live.polling import AdaptivePoll


def test_it_looks_later_and_later_while_there_is_nothing_and_soon_after_something():
    poll = AdaptivePoll()
    assert poll.seconds_left == 0

    pauses = []
    for found in (True, False, False, *([False] * 10), True):
        poll.looked(0, found=found)
        pauses.append(poll.seconds_left)

    assert pauses[0] == pytest.approx(0.02, abs=0.01)
    assert pauses[1:3] == sorted(pauses[1:3])
    assert pauses[-2] == pytest.approx(0.25, abs=0.01)
    assert pauses[-1] == pytest.approx(0.02, abs=0.01)


def test_looking_takes_no_more_than_a_twentieth_of_the_time():
    poll = AdaptivePoll()

    poll.looked(10, found=True)

    assert poll.seconds_left == pytest.approx(200, abs=1)


def test_looking_takes_the_database_no_more_than_a_quarter_of_the_time():
    poll = AdaptivePoll()

    poll.looked(0, found=True, took=1)
    assert poll.seconds_left == pytest.approx(3, abs=0.1)

    poll.looked(0, found=True, took=100)
    assert poll.seconds_left == pytest.approx(5, abs=0.1)
