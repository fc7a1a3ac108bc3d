"""Feed: what happened in a book, told page by page, in the order of the ledger and for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from delivery.envelopes import DataOf, envelope
from delivery.subjects import Occurrence, Subjects
from domain.event_types import TOPICS, customer_of
from ledger.append import StoredFact
from ledger.ledger import Ledger
from projections.customer_events import positions_of_customer, previous_positions
from projections.engine.folding.checkpoints import Checkpoint, read_checkpoints
from projections.engine.querying.pages import BadArgument

# So many facts of a book are looked at for one page, however few of them are wanted.
_LOOKED_AT = 10_000


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which facts are told: of these topics; with ``customer_id`` those about one customer."""

    topics: tuple[str, ...] = TOPICS
    customer_id: str | None = None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """``position`` is the last that was looked at: all until there is told.

    ``has_more``: there were facts after it already, wanted or not.
    """

    events: list[dict[str, Any]]
    position: int
    has_more: bool


class AfterTheEnd(BadArgument):
    field = "after"

    def __init__(self, after: int, head: int) -> None:
        super().__init__(f"nothing was recorded after {head} yet: {after} is no position here")


class Feed:
    """Tells of facts as webhooks do. For any number of threads."""

    def __init__(self, ledger: Ledger, data_of: DataOf) -> None:
        self._ledger = ledger
        self._data_of = data_of
        self.subjects = Subjects(ledger)

    def page(
        self, views: Connection, book: str, wanted: EventFilter, *, after: int, limit: int
    ) -> FeedPage:
        """The first events after a position; as far as the views know whom a fact is about.

        Raises AfterTheEnd where nothing could be: what was read there was of another history.
        """
        end = max(after, _reached(views, book))
        if end == after:
            self._must_be_there(book, after)
        if wanted.customer_id is None:
            upto = min(after + _LOOKED_AT, end)
            stored = self._ledger.read_topics(
                book, wanted.topics, after=after, upto=upto, limit=limit
            )
        else:
            upto, stored = end, self._of_one(views, book, wanted, after, limit)
        position = stored[-1].position if len(stored) == limit else upto
        return FeedPage(self._told(views, book, wanted, stored), position, position < end)

    def event(self, views: Connection, book: str, position: int) -> dict[str, Any] | None:
        """One event as the feed of all of them tells it; None when nobody is told of the fact."""
        if position > _reached(views, book):
            return None
        stored = [each for each in self._ledger.read_at(book, [position]) if each.topic in TOPICS]
        told = self._told(views, book, EventFilter(), stored)
        return told[0] if told else None

    def _must_be_there(self, book: str, position: int) -> None:
        head = self._ledger.head(book)
        if position > head:
            raise AfterTheEnd(position, head)

    def _of_one(
        self, views: Connection, book: str, wanted: EventFilter, after: int, limit: int
    ) -> list[StoredFact]:
        positions = positions_of_customer(
            views, book, wanted.customer_id or "", topics=wanted.topics, after=after, limit=limit
        )
        return self._ledger.read_at(book, positions)

    def _told(
        self, views: Connection, book: str, wanted: EventFilter, stored: Sequence[StoredFact]
    ) -> list[dict[str, Any]]:
        if not stored:
            return []
        occurrences = self.subjects.after(book, stored)
        known = {each for found in occurrences if (each := customer_of(found.fact))}
        previous = dict(
            previous_positions(views, book, known, topics=wanted.topics, before=stored[0].position)
        )
        return [self._envelope(each, previous) for each in occurrences]

    def _envelope(self, occurrence: Occurrence, previous: dict[str, int]) -> dict[str, Any]:
        """``previous`` is where each customer was last told of, and moves along."""
        customer_id, before = customer_of(occurrence.fact), None
        if customer_id is not None:
            before = previous.get(customer_id)
            previous[customer_id] = occurrence.stored.position
        return envelope(occurrence, self._data_of(occurrence), previous_position=before)


def _reached(views: Connection, book: str) -> int:
    return read_checkpoints(views, [book]).get(book, Checkpoint()).position
