"""Whose turn it is: one organization after another, and none holds all there is."""

import asyncio
from functools import partial

import pytest

from projections.engine.turns import TooManyWaiting, Turns, organization_of


@pytest.fixture
def begun():
    return []


def ask(turns, begun, whose, count):
    for number in range(count):
        turns.ask(whose, partial(begun.append, f"{whose}{number}"))


def test_whose_turn_is_next_goes_round(begun):
    turns = Turns(at_once=1, of_one=1)
    for whose, count in {"a": 4, "b": 2, "c": 1}.items():
        ask(turns, begun, whose, count)

    while len(begun) < 7:
        turns.give_back(begun[-1][0])

    assert begun == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]


def test_one_organization_leaves_room_for_another(begun):
    turns = Turns(at_once=4, of_one=2)
    ask(turns, begun, "a", 9)

    ask(turns, begun, "b", 3)

    assert begun == ["a0", "a1", "b0", "b1"]
    assert turns.under_way == 4
    turns.give_back("b")
    assert begun[4:] == ["b2"]


def test_both_modes_of_an_organization_are_one():
    assert organization_of("org_1/test") == organization_of("org_1/live") == "org_1"


def test_only_so_many_of_one_organization_wait(begun):
    turns = Turns(at_once=2, of_one=1, most_of_one=3)
    ask(turns, begun, "a", 3)

    with pytest.raises(TooManyWaiting, match="3 of this organization"):
        ask(turns, begun, "a", 1)

    ask(turns, begun, "b", 3)
    turns.give_back("a")
    ask(turns, begun, "a", 1)
    assert begun == ["a0", "b0", "a1"]


def test_who_gives_up_waiting_takes_no_turn():
    turns = Turns(at_once=1, of_one=1)

    async def hold(released):
        async with turns.turn("a"):
            await released.wait()

    async def give_up():
        released = asyncio.Event()
        first, second, third = (asyncio.create_task(hold(released)) for _ in range(3))
        await asyncio.sleep(0)
        second.cancel()
        released.set()
        await asyncio.gather(first, third)
        return second.cancelled()

    assert asyncio.run(give_up())
    assert turns.under_way == 0


def test_nobody_s_turn_comes_after_the_end(begun):
    turns = Turns(at_once=1, of_one=1)
    ask(turns, begun, "a", 2)

    turns.close()
    turns.give_back("a")

    assert begun == ["a0"]
