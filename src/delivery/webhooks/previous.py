"""Previous positions: which fact of a customer somebody was told of before this one."""

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Final

import structlog

from projections.customer_events import previous_positions
from projections.engine.folding.checkpoints import read_checkpoints
from projections.engine.generations.generation import Generation

# book, customers, topics, before which position
Previous = Callable[[str, Collection[str], Collection[str], int], Mapping[str, int]]

_PATIENCE_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.01

_log = structlog.get_logger("whence.delivery")


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
                checkpoint = read_checkpoints(connection, [book]).get(book)
                reached = checkpoint.position if checkpoint else 0
                if reached >= before - 1 or time.monotonic() > give_up_at:
                    return previous_positions(
                        connection, book, customer_ids, topics=topics, before=before
                    )
            time.sleep(_POLL_SECONDS)
    except Exception as error:  # noqa: BLE001 (deliveries wait for no rebuild)
        _log.warning("nobody knows what came before", book=book, reason=type(error).__name__)
        return {}
