"""Steps through a list: which part of it a page shows, and what is before and after."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from console.pages import Page

# Further back a list is not counted from its start again: the browser's own way back is quicker.
_FURTHEST_BACK: Final = 10_000


def steps(
    page: Page,
    pagination: Mapping[str, Any],
    shown: int,
    here: Callable[..., str] | None = None,
) -> dict[str, Any]:
    """``first``, ``back`` and ``next`` of a pager.

    A cursor says where a page begins; the offset beside it, how many are before it. ``here`` is the
    address of the list, where that is not the one that was asked for.
    """
    here = here or page.here
    offset, limit, cursor = (pagination[name] for name in ("offset", "limit", "next_cursor"))
    begins = max(offset - limit, 0)
    return {
        "first": offset + 1,
        "back": here(offset=begins or None) if 0 < offset <= _FURTHEST_BACK else "",
        "next": here(cursor=cursor, offset=offset + shown) if cursor else "",
    }
