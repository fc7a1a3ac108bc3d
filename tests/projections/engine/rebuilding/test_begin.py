"""Whoever starts together on a store without views has them built once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.rebuilding.rebuild import ensure_views

PROCESSES = 6


def test_those_who_start_at_once_build_one_generation(open_shop, toys):
    shops = [open_shop() for _ in range(PROCESSES)]
    shops[0].record(*[toys.paid("ama", 10) for _ in range(20)])
    together = threading.Barrier(PROCESSES)

    def start(shop):
        together.wait()
        ensure_views(shop.ledger, shop.generations, shop.mapper, toys.definitions)
        return shop.serving().number

    with ThreadPoolExecutor(PROCESSES) as threads:
        numbers = list(threads.map(start, shops))

    assert numbers == [1] * PROCESSES
    assert [(each.number, each.state) for each in shops[0].generations.list()] == [(1, "serving")]
    assert [row[1] for row in shops[-1].rows(toys.books)] == [20]


def test_none_is_begun_beside_one_that_is_begun_when_that_is_enough(shop, toys):
    shop.generations.begin(toys.definitions)

    with pytest.raises(ViewsRebuilding) as refused:
        shop.generations.begin(toys.definitions, unless_begun=True)

    assert refused.value.building.number == 1
    assert shop.generations.begin(toys.definitions).number == 2
