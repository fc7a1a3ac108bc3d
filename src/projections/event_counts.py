"""Event counts: how many facts of each topic were recorded on a day, and where the last one is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, Connection, case, func, select

from domain.fact import Fact
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.tables import key, latest, total, view

event_counts = view(
    "event_counts",
    key("topic"),
    key("day", BigInteger),
    total("events"),
    latest("last_position"),
)


def fold(recorded: Recorded[Fact], changes: Changes) -> None:
    fact = recorded.fact
    if type(fact) is Fact:
        return  # of no kind: in the past it stands for what had not happened yet
    changes.of(event_counts).merge(
        (fact.TOPIC, fact.timestamp.toordinal()), events=1, last_position=recorded.position
    )


@dataclass(frozen=True, slots=True)
class TopicCount:
    """`events` counts those since a day, `last_position` is where the newest of all is."""

    topic: str
    events: int
    last_position: int


def counts_by_topic(
    connection: Connection, book: str, day: date, *, topics: Collection[str]
) -> list[TopicCount]:
    """Of each of these topics of which there is any fact: those since a day (in UTC) began."""
    column = event_counts.c
    recent = case((column.day >= day.toordinal(), column.events), else_=0)
    query = (
        select(column.topic, func.sum(recent), func.max(column.last_position))
        .where(column.book == book, column.topic.in_(topics))
        .group_by(column.topic)
        .order_by(column.topic)
    )
    rows = connection.execute(query)
    return [TopicCount(topic, int(events), last) for topic, events, last in rows]
