"""Addresses apart: what a setting says of people stands in a field of its own, `personal`.

So facts that hold settings can be told from those that hold persons, and an address can be erased
without touching what was set.
"""

from collections.abc import Mapping
from typing import Any, Final

# Settings whose values are addresses, numbers or names to log in with.
_ADDRESSES: Final = frozenset({"from", "reply_to", "to", "username"})


def parted(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was set, and the addresses in it."""
    apart = {name: value for name, value in config.items() if name in _ADDRESSES}
    return {name: value for name, value in config.items() if name not in apart}, apart
