"""What was spent of a minute's facts comes back evenly."""

import pytest

from projections.engine.time_travel.budget import BudgetSpent, FactBudget


def test_what_was_spent_comes_back_in_a_minute():
    now = [1000.0]
    budget = FactBudget(600, monotonic=lambda: now[0])

    def waits():
        try:
            budget.admit("key")
        except BudgetSpent as spent:
            return spent.retry_after_seconds
        return 0

    budget.charge("key", 599)
    assert waits() == 0
    budget.charge("key", 301)
    assert waits() == 30
    now[0] += 31
    assert waits() == 0
    now[0] += 600
    budget.charge("key", 600)
    assert waits() == 1


def test_nobody_who_owes_is_forgotten_for_those_who_come_after():
    now = [0.0]
    budget = FactBudget(600, monotonic=lambda: now[0])
    budget.charge("key", 6_000)

    for number in range(20_001):
        budget.charge(f"key {number}", 1)
        now[0] += 0.01

    with pytest.raises(BudgetSpent):
        budget.admit("key")
