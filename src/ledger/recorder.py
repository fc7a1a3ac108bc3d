"""Recorder: a book as the event sourcing library's ApplicationRecorder.

So that the library's own tests judge the ledger, and its applications can run on a book.
"""

import threading
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    DataError,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)
from sqlalchemy import Select, select

from ledger.append import Append, Done, NewFact, StoredFact
from ledger.facts import RecordedEvent
from ledger.ledger import Ledger
from ledger.reading import ask
from ledger.schema import events

_PAGE = 500
_POLL_SECONDS = 0.25


class BookRecorder(ApplicationRecorder):
    """Records and selects the events of one book. Notification ids are positions, without gaps."""

    def __init__(self, ledger: Ledger, book: str) -> None:
        self._ledger = ledger
        self._book = book
        self._grown = threading.Condition()
        ledger.on_commit(self._notice)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        """The positions of the events.

        Raises the library's IntegrityError when a stream is not at the version before them, and
        DataError for a state that is not text.
        """
        if not stored_events:
            return []
        facts = tuple(_fact(event) for event in stored_events)
        expected: dict[str, int] = {}
        for fact in facts:
            expected.setdefault(fact.stream, fact.version - 1)
        try:
            outcome = self._ledger.append(Append(self._book, facts, expected))
        except ValueError as error:
            raise IntegrityError(str(error)) from error
        if not isinstance(outcome, Done):
            raise IntegrityError(f"not recorded: {outcome}")
        return list(range(outcome.position - len(facts) + 1, outcome.position + 1))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        version = events.c.version
        query = self._events().where(events.c.stream == str(originator_id)).limit(limit)
        if gt is not None:
            query = query.where(version > gt)
        if lte is not None:
            query = query.where(version <= lte)
        found = self._ask(query.order_by(version.desc() if desc else version))
        return [
            RecordedEvent(
                fact.stream, fact.version, fact.topic, fact.data.encode(), fact.recorded_at
            )
            for fact in found
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        position = events.c.position
        query = self._events().order_by(position).limit(limit)
        if start is not None:
            query = query.where(position >= start if inclusive_of_start else position > start)
        if stop is not None:
            query = query.where(position <= stop)
        if topics:
            query = query.where(events.c.topic.in_(topics))
        return [
            Notification(fact.stream, fact.version, fact.topic, fact.data.encode(), fact.position)
            for fact in self._ask(query)
        ]

    def max_notification_id(self) -> int | None:
        return self._ledger.head(self._book) or None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return cast(Subscription[ApplicationRecorder], BookSubscription(self, gt, topics))

    def wait_for_growth(self) -> None:
        """Until this process writes to the book, or another one may have."""
        with self._grown:
            self._grown.wait(_POLL_SECONDS)

    def wake(self) -> None:
        with self._grown:
            self._grown.notify_all()

    def _notice(self, heads: dict[str, int]) -> None:
        if self._book in heads:
            self.wake()

    def _events(self) -> Select[Any]:
        return select(events).where(events.c.book == self._book)

    def _ask(self, query: Select[Any]) -> list[StoredFact]:
        return ask(
            self._ledger.engine,
            lambda connection: [StoredFact(*row) for row in connection.execute(query)],
        )


class BookSubscription(Subscription[BookRecorder]):
    """The events of a book after a position, those that are still to come included."""

    def __init__(self, recorder: BookRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._page: list[Notification] = []

    def stop(self) -> None:
        super().stop()
        self._recorder.wake()

    def __next__(self) -> Notification:
        while not self._page and not self._has_been_stopped:
            self._page = self._next_page()
            if not self._page:
                self._recorder.wait_for_growth()
        if self._has_been_stopped:
            raise StopIteration
        notification = self._page.pop()
        self._last_notification_id = notification.id
        return notification

    def _next_page(self) -> list[Notification]:
        found = self._recorder.select_notifications(
            self._last_notification_id, _PAGE, topics=self._topics, inclusive_of_start=False
        )
        return list(reversed(found))


def _fact(event: StoredEvent) -> NewFact:
    try:
        data = event.state.decode()
    except UnicodeDecodeError as error:
        raise DataError("a book holds text: leave out the cipher and the compressor") from error
    return NewFact(str(event.originator_id), event.originator_version, event.topic, data)
