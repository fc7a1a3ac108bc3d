"""Turns: one process at a time does what one is enough for."""

from whence.worker_lease import taking_turns


def test_one_has_the_turn_and_the_next_when_it_ends(engine):
    with taking_turns(engine, "billing", seconds=60) as second:
        with taking_turns(engine, "billing", seconds=60) as first:
            assert first.is_mine()
            assert not second.is_mine()
            assert first.is_mine()

        assert second.is_mine()


def test_whoever_was_away_for_too_long_has_lost_it(engine):
    with (
        taking_turns(engine, "billing", seconds=0.01) as slept,
        taking_turns(engine, "billing", seconds=60) as awake,
    ):
        assert slept.is_mine()

        until_it_is_mine(awake)

        assert not slept.is_mine()


def until_it_is_mine(turn):
    while not turn.is_mine():
        pass
