"""Customer statistics: how many there are, active and new, and what those with a tag spend."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, case, cast, func, select

from projections.book_totals import CurrencyTotals, most_used_currency, totals_by_currency
from projections.customer_filters import ActivityStatus, activity
from projections.customer_summary import customer_summary
from projections.customer_totals import customer_totals
from projections.customers import customer_count, customer_tags, customers, still_there
from projections.engine.querying.conditions import same

MOST_TAGS = 1_000


@dataclass(frozen=True, slots=True)
class TagFigures:
    """How many customers have a tag, and what they spent in one currency, in its minor unit."""

    tag: str
    customers: int
    total_spent: int
    currency: str | None


@dataclass(frozen=True, slots=True)
class CustomerStats:
    """`active` and `new` as in CustomerFilter: a customer may be both, `inactive` is neither.

    Totals by currency are those of the whole book, payments without a customer included. Tags:
    most customers first.
    """

    total: int
    active: int
    new: int
    inactive: int
    currency: str | None
    by_tag: list[TagFigures]
    totals_by_currency: list[CurrencyTotals]


def customer_stats(
    connection: Connection, book: str, *, now: datetime, currency: str | None = None
) -> CustomerStats:
    """The customers of a book, without those deleted. Without `currency`: the most used one."""
    currency = currency or most_used_currency(connection, book)
    active, new, inactive = _activity(connection, book, now)
    return CustomerStats(
        total=customer_count(connection, book),
        active=active,
        new=new,
        inactive=inactive,
        currency=currency,
        by_tag=_by_tag(connection, book, currency),
        totals_by_currency=totals_by_currency(connection, book),
    )


def _activity(connection: Connection, book: str, now: datetime) -> tuple[int, int, int]:
    """How many are active, new, neither: in one look at everybody."""
    summary = customer_summary.c
    statuses: tuple[ActivityStatus, ...] = ("active", "new", "inactive")
    counts = [func.count(case((activity(status, now), 1))) for status in statuses]
    row = connection.execute(
        select(*counts).where(
            summary.book == book,
            summary.registered_at.is_not(None),
            summary.deleted_at.is_(None),
        )
    ).one()
    return row[0], row[1], row[2]


def _by_tag(connection: Connection, book: str, currency: str | None) -> list[TagFigures]:
    tags, totals = customer_tags.c, customer_totals.c
    tagged = same(customers, customer_tags, "customer_id", "profile_position")
    spent = same(customer_totals, customer_tags, "customer_id")
    spent &= totals.currency == (currency or "")
    count = func.count()
    rows = connection.execute(
        select(
            tags.tag,
            count.label("customers"),
            cast(func.coalesce(func.sum(totals.total_spent), 0), BigInteger).label("total_spent"),
        )
        .select_from(customer_tags.join(customers, tagged).outerjoin(customer_totals, spent))
        .where(tags.book == book, *still_there())
        .group_by(tags.tag)
        .order_by(count.desc(), tags.tag)
        .limit(MOST_TAGS)
    )
    return [TagFigures(row.tag, row.customers, row.total_spent, currency) for row in rows]
