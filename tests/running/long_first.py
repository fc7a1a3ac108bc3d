"""Order of the tests: what takes long is begun with, so that no run ends with waiting for it.

Modules say of themselves that they take long (`pytestmark = pytest.mark.takes_long`). Each of the
processes of a run is given an equal share of the tests, in their order: long ones come first in it.
"""

import os
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeVar

import pytest

T = TypeVar("T")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    modules = [list(found) for _, found in groupby(items, lambda item: item.path)]
    items[:] = in_order(modules, _takes_long, processes)


def in_order(
    modules: Sequence[Sequence[T]], takes_long: Callable[[T], bool], processes: int
) -> list[T]:
    """All tests; those of a module stay together, but where a share ends."""
    long = [module for module in modules if takes_long(module[0])]
    short = [test for module in modules if not takes_long(module[0]) for test in module]
    total, ordered = sum(map(len, modules)), list[T]()
    for number in range(processes):
        ordered += [test for module in long[number::processes] for test in module]
        room = max(0, total * (number + 1) // processes - len(ordered))
        ordered += short[:room]
        del short[:room]
    return ordered + short


def _takes_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("takes_long") is not None
