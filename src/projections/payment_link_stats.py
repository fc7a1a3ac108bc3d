"""Payment link statistics: payments, revenue, and customers who came through one first.

What was paid through a link is in `source_totals`, under its id; revenue is told in the currency
the link asks for.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from projections.customer_summary import customer_summary
from projections.customer_totals import customer_activity, customer_totals
from projections.engine.folding.timestamps import instant_or_none
from projections.engine.querying.conditions import same
from projections.payment_links import LinkRecord, brought, called, known_links, link_record
from projections.payments import payments
from projections.source_totals import source_totals


@dataclass(frozen=True, slots=True)
class Converted:
    """The customers whose first successful payment came through a link.

    What they have paid since, in the currency of the link: `revenue` with that first payment,
    `later_revenue` without it.
    """

    customers: int
    revenue: int
    later_revenue: int


@dataclass(frozen=True, slots=True)
class LinkStats:
    """What a link brought, in its currency: `payments` were created, some of them succeeded."""

    link: LinkRecord
    views: int
    payments: int
    successful_payments: int
    revenue: int
    refunded_amount: int
    disputed_amount: int
    first_payment_at: datetime | None
    last_payment_at: datetime | None
    converted: Converted

    @property
    def conversion_rate(self) -> float:
        """Successful payments per view; 0 without views."""
        return self.successful_payments / self.views if self.views else 0.0


def payment_link_stats(connection: Connection, book: str, named: str) -> LinkStats | None:
    """What a link brought until now; None when there is none, or it was taken down."""
    figures = source_totals.c
    row = connection.execute(
        known_links(book)
        .add_columns(
            *(
                func.coalesce(figures[name], 0).label(name)
                for name in ("created", "succeeded", "amount", "refunded_amount", "disputed_amount")
            ),
            figures.first_payment_at,
            figures.last_payment_at,
        )
        .outerjoin(source_totals, brought())
        .where(called(named))
    ).first()
    if row is None:
        return None
    return LinkStats(
        link=link_record(row),
        views=row.views,
        payments=row.created,
        successful_payments=row.succeeded,
        revenue=row.amount,
        refunded_amount=row.refunded_amount,
        disputed_amount=row.disputed_amount,
        first_payment_at=instant_or_none(row.first_payment_at),
        last_payment_at=instant_or_none(row.last_payment_at),
        converted=_converted(connection, book, row.link_id, row.currency),
    )


def _converted(connection: Connection, book: str, link_id: str, currency: str) -> Converted:
    summary, activity = customer_summary.c, customer_activity.c
    totals, first = customer_totals.c, payments.c
    theirs = customer_summary.join(
        customer_activity,
        same(customer_activity, customer_summary, "customer_id"),
    ).outerjoin(
        customer_totals,
        same(customer_totals, customer_summary, "customer_id") & (totals.currency == currency),
    )
    paid_first = and_(
        first.book == activity.book,
        first.payment_id == activity.first_payment_id,
        first.currency == currency,
    )
    row = connection.execute(
        select(
            func.count(),
            func.coalesce(func.sum(totals.total_spent), 0),
            func.coalesce(func.sum(first.captured_amount), 0),
        )
        .select_from(theirs.outerjoin(payments, paid_first))
        .where(
            summary.book == book,
            summary.first_source_id == link_id,
            activity.first_source == "payment_link",
        )
    ).one()
    customers, revenue, at_first = (int(each) for each in row)
    return Converted(customers, revenue, revenue - at_first)
