"""Payment links of a book: their terms, and what state they are in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Unpack

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    func,
    not_,
    or_,
    select,
)

from domain.payment_link import LinkStatus, PaymentLink, Terms, status_of
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.searchable_text import searchable
from projections.engine.folding.tables import at_latest, first, key, latest, total, view
from projections.engine.folding.timestamps import instant, micros
from projections.engine.querying.pages import By, Page, PageArguments, every_row, fetch_page
from projections.engine.querying.records import record_from
from projections.source_totals import source_totals

SortBy = Literal["created_at", "total_revenue"]

payment_links = view(
    "payment_links",
    key("link_id"),
    first("code"),
    first("created_at", BigInteger),
    latest("updated_at"),
    latest("deleted_at"),
    total("views"),
    latest("uses"),
    # Each fact carries all terms, so those with the highest position are the terms.
    latest("terms_position"),
    at_latest("terms", of="terms_position"),
    at_latest("currency", of="terms_position"),
    at_latest("is_switched_on", of="terms_position", kind=Boolean),
    at_latest("expires_at", of="terms_position", kind=BigInteger),
    at_latest("max_uses", of="terms_position", kind=BigInteger),
    at_latest("search", of="terms_position"),
    indexes=[("created_at", "link_id"), ("code",)],
)


LinkFact = (
    PaymentLink.Created
    | PaymentLink.Updated
    | PaymentLink.Used
    | PaymentLink.Viewed
    | PaymentLink.Deleted
)


def fold(recorded: Recorded[LinkFact], changes: Changes) -> None:
    fact, at = recorded.fact, recorded.at
    match fact:
        case PaymentLink.Created():
            changes.of(payment_links).merge((fact.originator_id,), code=fact.code, created_at=at)
            _set_out(changes, recorded.position, fact.originator_id, fact.terms, at)
        case PaymentLink.Updated():
            _set_out(changes, recorded.position, fact.originator_id, fact.terms, at)
        case PaymentLink.Used():
            changes.of(payment_links).merge((fact.originator_id,), uses=fact.uses)
        case PaymentLink.Viewed():
            changes.of(payment_links).merge((fact.link_id,), views=fact.count)
        case PaymentLink.Deleted():
            changes.of(payment_links).merge((fact.originator_id,), deleted_at=at, updated_at=at)


def _set_out(changes: Changes, position: int, link_id: str, terms: Terms, at: int) -> None:
    expires_at = terms["expires_at"]
    words = (link_id, terms["name"], terms["reference"], terms["description"])
    changes.of(payment_links).merge(
        (link_id,),
        updated_at=at,
        terms_position=position,
        terms=orjson.dumps(terms).decode(),
        currency=terms["currency"],
        is_switched_on=terms["active"],
        expires_at=None if expires_at is None else micros(datetime.fromisoformat(expires_at)),
        max_uses=terms["max_uses"],
        search=searchable("\n".join(word for word in words if word)),
    )


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """A link as it stands; `uses` counts the payments through it that succeeded."""

    link_id: str
    code: str
    terms: Terms
    uses: int
    created_at: datetime
    updated_at: datetime

    def status(self, now: datetime) -> LinkStatus:
        return status_of(self.terms, self.uses, now)


@dataclass(frozen=True, slots=True)
class ListedLink:
    """A link of a list, and what it has brought in its currency."""

    link: LinkRecord
    views: int
    payments: int
    successful_payments: int
    revenue: int

    @property
    def conversion_rate(self) -> float:
        """Successful payments per view; 0 without views."""
        return self.successful_payments / self.views if self.views else 0.0


@dataclass(frozen=True, slots=True)
class LinkFilter:
    """What the links asked for have in common; None does not ask."""

    status: LinkStatus | None = None
    active: bool | None = None
    search: str | None = None


def payment_link(connection: Connection, book: str, named: str) -> LinkRecord | None:
    """A link by its id or its code; None when there is none, or it was taken down."""
    row = connection.execute(known_links(book).where(called(named))).first()
    return None if row is None else link_record(row)


def payment_link_list(
    connection: Connection,
    book: str,
    filters: LinkFilter,
    *,
    now: datetime,
    sort_by: SortBy = "created_at",
    **page: Unpack[PageArguments],
) -> Page[ListedLink]:
    """Newest first, or those first that brought most in their currency. Raises BadCursor."""
    known = known_links(book).where(*_conditions(filters, now))
    count = select(func.count()).select_from(known.subquery())
    return fetch_page(
        connection,
        _with_figures(known),
        _order(sort_by),
        total=connection.execute(count).scalar_one(),
        **page,
    ).of(_listed)


def payment_link_export(
    connection: Connection, book: str, filters: LinkFilter, *, now: datetime, sort_by: SortBy
) -> Iterator[ListedLink]:
    """All links that fit, in the order of the list, read some hundreds at a time."""
    known = known_links(book).where(*_conditions(filters, now))
    return map(_listed, every_row(connection, _with_figures(known), _order(sort_by)))


def known_links(book: str) -> Select[Any]:
    """The links of a book that were not taken down."""
    column = payment_links.c
    return select(payment_links).where(
        column.book == book, column.code.is_not(None), column.deleted_at.is_(None)
    )


def called(named: str) -> ColumnElement[bool]:
    """That a link has this id or this code."""
    return or_(payment_links.c.link_id == named, payment_links.c.code == named)


def brought() -> ColumnElement[bool]:
    """What joins a link to the totals of its payments, in its currency."""
    figures, column = source_totals.c, payment_links.c
    return and_(
        figures.book == column.book,
        figures.currency == column.currency,
        figures.source == "payment_link",
        figures.source_id == column.link_id,
    )


def _with_figures(known: Select[Any]) -> Select[Any]:
    figures = source_totals.c
    names = ("created", "succeeded", "amount")
    return known.add_columns(
        *(func.coalesce(figures[name], 0).label(name) for name in names)
    ).outerjoin(source_totals, brought())


def _order(sort_by: SortBy) -> tuple[By, ...]:
    """Amounts of different currencies are not compared: each currency is ranked by itself."""
    column = payment_links.c
    newest = By(column.created_at, descending=True, stated=True)
    last = By(column.link_id, descending=True)
    if sort_by == "created_at":
        return (newest, last)
    revenue = func.coalesce(source_totals.c.amount, 0)
    ranked = By(column.currency, stated=True), By(revenue, descending=True, stated=True)
    return (*ranked, newest, last)


def _listed(row: Row[Any]) -> ListedLink:
    return ListedLink(
        link=link_record(row),
        views=row.views,
        payments=row.created,
        successful_payments=row.succeeded,
        revenue=row.amount,
    )


def _conditions(filters: LinkFilter, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.status is not None:
        found.append(_is(filters.status, now))
    if filters.active is not None:
        found.append(_is("active", now) if filters.active else not_(_is("active", now)))
    if filters.search:
        found.append(payment_links.c.search.contains(searchable(filters.search), autoescape=True))
    return found


def _is(status: LinkStatus, now: datetime) -> ColumnElement[bool]:
    """The same rule as `domain.payment_link.status_of`, for a row."""
    column = payment_links.c
    switched_off = not_(column.is_switched_on)
    over = func.coalesce(column.expires_at <= micros(now), False)
    used_up = func.coalesce(func.coalesce(column.uses, 0) >= column.max_uses, False)
    match status:
        case "inactive":
            return switched_off
        case "expired":
            return and_(column.is_switched_on, over)
        case "exhausted":
            return and_(column.is_switched_on, not_(over), used_up)
        case _:
            return and_(column.is_switched_on, not_(over), not_(used_up))


def link_record(row: Row[Any]) -> LinkRecord:
    return record_from(
        row,
        LinkRecord,
        terms=orjson.loads(row.terms),
        uses=row.uses or 0,
        created_at=instant(row.created_at),
        updated_at=instant(row.updated_at),
    )
