"""What is claimed is derived of every aggregate that claims anything."""

import pytest

from commands.derived_claims import CLAIMING
from domain.catalogue import AGGREGATES
from domain.fact import Entity


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda each: each.__name__)
def test_whoever_is_found_by_something_or_wakes_is_derived(aggregate):
    claims = aggregate.found_by is not Entity.found_by or aggregate.wakes_at is not Entity.wakes_at

    assert aggregate in CLAIMING.values() or not claims
