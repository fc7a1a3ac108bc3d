"""Stated moments: what was said is not held to be more precise than it was."""

from datetime import UTC, datetime

import pytest

from domain.moments import precedes

MOMENT = datetime(2026, 11, 23, 5, 9, 35, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "is_before"),
    [
        (MOMENT, False),
        (MOMENT.replace(microsecond=123455), True),
        (MOMENT.replace(microsecond=123000), False),
        (MOMENT.replace(microsecond=122000), True),
        (MOMENT.replace(microsecond=0), False),
        (MOMENT.replace(second=34, microsecond=0), True),
        (MOMENT.replace(second=34, microsecond=999999), True),
    ],
)
def test_a_moment_is_before_another_only_at_the_precision_it_was_stated_in(stated, is_before):
    assert precedes(stated, MOMENT) == is_before
