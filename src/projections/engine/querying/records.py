"""Records: what a query answers with, made of a row with columns of the same names."""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

R = TypeVar("R")


def record_from(row: Any, kind: Callable[..., R], /, **computed: Any) -> R:
    """A record of this dataclass: a field that is not `computed` is the column of its name."""
    names, values = _stored(kind, *computed)
    return kind(**dict(zip(names, values(row), strict=True)), **computed)


@cache
def _stored(kind: Any, *computed: str) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    # Two at the least, or the getter answers with a value and not with several.
    names = tuple(field.name for field in fields(kind) if field.name not in computed)
    return names, attrgetter(*names)
