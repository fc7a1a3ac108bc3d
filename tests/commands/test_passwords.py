"""Passwords that are made here: nobody guesses them, and nobody reads one sign for another."""

from commands.passwords import SHORTEST, made_password


def test_a_password_that_is_made_has_no_signs_that_look_alike():
    made = [made_password() for _ in range(100)]

    assert not set("".join(made)) & set("O0Il1-_")
    assert len(set(made)) == 100
    assert all(len(each) >= SHORTEST for each in made)
