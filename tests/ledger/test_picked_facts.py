"""Picked facts: some of a book by topic, by position, or by part of a stream."""

import pytest

from ledger.append import Append, NewFact

BOOK = "org_x/test"


@pytest.fixture
def filled(ledger, facts):
    """Positions 1 to 6; a neighbour has streams of the same names."""
    ledger.append(Append(BOOK, facts("pay_1", 1, 2), {"pay_1": 0}))
    ledger.append(Append(BOOK, facts("pay_2", 1), {"pay_2": 0}))
    ledger.append(Append(BOOK, (NewFact("pay_2", 2, "payment.other", "{}"),), {"pay_2": 1}))
    ledger.append(Append(BOOK, facts("pay_1", 3, 4), {"pay_1": 2}))
    ledger.append(Append("org_x/live", facts("pay_1", 1, 2), {"pay_1": 0}))
    return ledger


def positions(found):
    return [fact.position for fact in found if fact.book == BOOK]


def test_those_of_some_topics_are_read_between_two_positions(filled):
    def read(*topics, after=0, upto=9, limit=9):
        return positions(filled.read_topics(BOOK, topics, after=after, upto=upto, limit=limit))

    assert read("payment.other") == [4]
    assert read("payment.noted") == [1, 2, 3, 5, 6]
    assert read("payment.noted", "payment.other", after=1, upto=5) == [2, 3, 4, 5]
    assert read("payment.noted", after=2, limit=2) == [3, 5]
    assert read() == []


def test_the_last_of_some_topics_are_read_in_the_order_of_the_book(filled):
    def read(*topics, after=0, upto=9, limit=9):
        found = filled.read_last_of_topics(BOOK, topics, after=after, upto=upto, limit=limit)
        return positions(found)

    assert read("payment.noted") == [1, 2, 3, 5, 6]
    assert read("payment.noted", limit=2) == [5, 6]
    assert read("payment.noted", "payment.other", after=1, upto=5, limit=3) == [3, 4, 5]
    assert read() == []


def test_those_at_some_positions_are_read_in_their_order(filled):
    assert positions(filled.read_at(BOOK, [5, 2, 99])) == [2, 5]
    assert filled.read_at(BOOK, []) == []
    # More than a statement may have parameters.
    everything = positions(filled.read(BOOK, limit=100))
    assert positions(filled.read_at(BOOK, range(70_000, 0, -1))) == everything


def test_parts_of_streams_are_read_in_the_order_of_the_book(filled):
    parts = {"pay_2": (0, 1), "pay_1": (1, 3), "pay_9": (0, 9)}

    found = filled.read_parts(BOOK, parts)

    assert [(fact.stream, fact.version) for fact in found] == [
        ("pay_1", 2),
        ("pay_2", 1),
        ("pay_1", 3),
    ]
    assert filled.read_parts(BOOK, {}) == []
