"""Delivery ids: a delivery is called by whom it goes to and the fact it tells of."""

import re
from typing import Final

from delivery.cursors import DeliveryKey

LIVE: Final = "live"
# Attempts that do not count stand under this in the place of a cursor: the endpoint was down.
PROBE: Final = "probe"

_ID: Final = re.compile(r"evtd_([0-9a-z]{26})([1-9a-f][0-9a-f]{0,14})(?:_([0-9a-z]{26}))?")
# What ids of endpoints begin with: what others tried stands beside what they were told.
ENDPOINT: Final = "we_"
_REPLAY: Final = "rpl_"


def delivery_id(follower: str, cursor: str, position: int) -> str:
    """The same for each attempt, and another for each replay."""
    replay = "" if cursor == LIVE else "_" + cursor.removeprefix(_REPLAY)
    return f"evtd_{follower.removeprefix(ENDPOINT)}{position:x}{replay}"


def delivery_named(name: str) -> DeliveryKey | None:
    """What is called so; None: nothing could be."""
    found = _ID.fullmatch(name)
    if found is None:
        return None
    cursor = LIVE if found[3] is None else _REPLAY + found[3]
    return DeliveryKey(ENDPOINT + found[1], cursor, int(found[2], 16))
