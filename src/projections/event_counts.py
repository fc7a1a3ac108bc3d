"""Event counts: how many facts of each topic were recorded on a day, and where the last one is.

What was history when it was recorded is told apart: an import tells nobody of it.
"""

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
    total("news"),
    latest("last_news"),
    latest("last_position"),
)


def fold(recorded: Recorded[Fact], changes: Changes) -> None:
    fact = recorded.fact
    if type(fact) is Fact:
        return  # of no kind: in the past it stands for what had not happened yet
    position, is_news = recorded.position, not fact.is_history
    changes.of(event_counts).merge(
        (fact.TOPIC, fact.timestamp.toordinal()),
        news=int(is_news),
        last_news=position if is_news else None,
        last_position=position,
    )


@dataclass(frozen=True, slots=True)
class TopicCount:
    """`news` counts those since a day that were no history when they were recorded.

    `last_position` is where the newest of all is, `last_news` where that of these is, if any.
    """

    topic: str
    news: int
    last_news: int | None
    last_position: int


def counts_by_topic(
    connection: Connection, book: str, day: date, *, topics: Collection[str]
) -> list[TopicCount]:
    """Of each of these topics of which there is any fact: those since a day (in UTC) began."""
    column = event_counts.c
    recent = func.sum(case((column.day >= day.toordinal(), column.news), else_=0))
    last = (func.max(column.last_news), func.max(column.last_position))
    query = (
        select(column.topic, recent, *last)
        .where(column.book == book, column.topic.in_(topics))
        .group_by(column.topic)
        .order_by(column.topic)
    )
    rows = connection.execute(query)
    return [TopicCount(topic, int(news), *last) for topic, news, *last in rows]
