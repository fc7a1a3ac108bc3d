"""Previous positions: which fact of a customer somebody was told of before this one."""

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from projections.customer_events import previous_positions
from projections.engine.folding.checkpoints import Checkpoint, read_checkpoints
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import ViewsRebuilding

# book, customers, topics, before which position
Previous = Callable[[str, Collection[str], Collection[str], int], Mapping[str, int]]

_PATIENCE_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.01


def previous_in(serving: Callable[[], Generation]) -> Previous:
    """Asks the views, once they are there: a moment later than the facts themselves.

    Without them nobody is known to have been told before: deliveries wait for no rebuild.
    """
    return partial(_previous, serving)


def _previous(
    serving: Callable[[], Generation],
    book: str,
    customer_ids: Collection[str],
    topics: Collection[str],
    before: int,
) -> Mapping[str, int]:
    if not customer_ids:
        return {}
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    try:
        engine = serving().reading_engine
        while True:
            with engine.connect() as connection:
                if _are_there(connection, book, before) or time.monotonic() > give_up_at:
                    return previous_positions(
                        connection, book, customer_ids, topics=topics, before=before
                    )
            time.sleep(_POLL_SECONDS)
    except (ViewsRebuilding, DBAPIError):
        return {}


def _are_there(connection: Connection, book: str, before: int) -> bool:
    """Whether the views show all that came before, or stand still."""
    checkpoint = read_checkpoints(connection, [book]).get(book, Checkpoint())
    return checkpoint.position >= before - 1 or checkpoint.parked_error is not None
