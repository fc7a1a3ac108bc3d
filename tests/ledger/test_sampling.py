"""What happens often is said once in a while, and counted."""

import pytest

from ledger.sampling import Sampling


@pytest.fixture
def now():
    return [100.0]


@pytest.fixture
def sampling(now):
    return Sampling(monotonic=lambda: now[0])


def test_one_of_a_kind_is_said_and_the_next_after_a_while_with_how_many_there_were(sampling, now):
    assert [sampling.due("a") for _ in range(5)] == [1, 0, 0, 0, 0]
    assert sampling.due("b") == 1
    now[0] += 9.9
    assert sampling.due("a") == 0
    now[0] += 0.2

    assert sampling.due("a") == 6
    assert sampling.due("a") == 0


def test_ever_new_kinds_take_no_more_room(sampling, now):
    for number in range(10_000):
        sampling.due(number)
        now[0] += 0.001

    assert len(vars(sampling)["_kinds"]) <= 1000
