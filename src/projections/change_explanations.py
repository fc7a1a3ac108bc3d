"""Explanations of changes: the facts by which a figure differs between two moments.

They are read from the ledger in the order in which they were recorded, and each adds what it adds
to the figure at the later moment, without what it added at the earlier one: so their sum is the
difference. Whatever was recorded by the earlier moment had happened by both, and differs in none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import Connection, or_, select

from domain.payment import Payment
from ledger.facts import FactMapper, StoredFact
from ledger.ledger import Ledger
from projections.customer_events import positions_of_customer
from projections.engine.folding.timestamps import micros
from projections.engine.querying.pages import BadCursor
from projections.explanations import OF_CUSTOMER, ExplainingFact, Explanation, Terms
from projections.payments import payments
from projections.payments_as_of import PaymentsAsOf

# So many facts are read at once at most, for one page for so many seconds. The first time it is no
# more than fill a page if each makes a difference.
_LOOKED_AT = 2_000
_LONGEST = 3.0
# So many payments are told apart from those which cannot differ.
_MOST_PAYMENTS = 50_000


def _spent(fact: Payment.CustomerAttached) -> int:
    return fact.captured_amount if fact.succeeded_at else 0


def _refunded(fact: Payment.CustomerAttached) -> int:
    return sum(each["amount"] for each in fact.refunds)


def _lost(fact: Payment.CustomerAttached) -> int:
    return sum(each["amount"] for each in fact.disputes_lost)


# What a payment that is attached to a customer brings along, by figure.
_BROUGHT: Terms = {
    "total_spent": _spent,
    "refund_amount": _refunded,
    "disputed_amount": _lost,
    "lifetime_value": lambda fact: _spent(fact) - _refunded(fact) - _lost(fact),
    "payment_count": lambda _: 1,
    "successful_payments": lambda fact: int(fact.succeeded_at is not None),
    "failed_payments": lambda fact: int(fact.status == "failed"),
    "total_refunds": lambda fact: len(fact.refunds),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known at a moment: all recorded up to a position, as far as it had happened."""

    upto: int
    as_of: datetime | None

    @property
    def mapper(self) -> FactMapper:
        return FactMapper() if self.as_of is None else PaymentsAsOf(self.as_of)


@dataclass(frozen=True, slots=True)
class Difference:
    """Of which figure, in which currency, of whom; None: of the whole book."""

    figure: str
    currency: str | None
    customer_id: str | None

    @property
    def terms(self) -> Terms:
        terms = OF_CUSTOMER[self.figure]
        if self.customer_id is None:
            return terms
        return {**terms, Payment.CustomerAttached.TOPIC: _BROUGHT[self.figure]}


@dataclass(frozen=True, slots=True)
class Ahead:
    """The facts to look at next, those after `position`; `sum` is what those before came to.

    `positions`: where they are, if they are of one customer. `payments`: those which can differ;
    None: any can.
    """

    position: int
    sum: int
    positions: Sequence[int] | None = None
    payments: Collection[str] | None = None

    def goes_on(self, upto: int) -> bool:
        """Whether the customer has facts behind these positions, and before another."""
        found = self.positions
        return found is not None and len(found) == _LOOKED_AT and found[-1] < upto


def ahead(
    connection: Connection,
    book: str,
    difference: Difference,
    *,
    since: int,
    before: datetime | None,
    after: datetime | None,
    cursor: str | None,
) -> Ahead:
    """Asked of the views of the later moment; as of when the two are. Raises BadCursor."""
    position, so_far = (since, 0) if cursor is None else _place(cursor)
    if difference.customer_id is None:
        moved = None if before is None else _moved(connection, book, since, before, after)
        return Ahead(position, so_far, payments=moved)
    theirs = positions_of_customer(
        connection,
        book,
        difference.customer_id,
        topics=list(difference.terms),
        after=position,
        limit=_LOOKED_AT,
    )
    return Ahead(position, so_far, positions=theirs)


def explain_change(
    ledger: Ledger,
    book: str,
    difference: Difference,
    begins: Ahead,
    *,
    before: Seen,
    after: Seen,
    limit: int,
) -> Explanation:
    """The next facts that make a difference: `limit` of them, or those found in some seconds."""
    ends, facts, position = monotonic() + _LONGEST, list[ExplainingFact](), begins.position
    step = min(limit + 1, _LOOKED_AT)
    while True:
        part = {"after": position, "upto": after.upto, "limit": step}
        wanted = _wanted(ledger, book, difference, begins, **part)
        concerned = [each for each in wanted if _can_differ(each, begins)]
        read = _with_what_led_there(ledger, book, concerned, before, after)
        found = _differing(read, difference, before, after, position)
        room = limit - len(facts)
        facts += found[:room]
        is_end = len(wanted) < step
        is_last = is_end and len(found) <= room and not begins.goes_on(after.upto)
        if len(found) > room:
            position = max(position, facts[-1].stored.position)
            break
        position = wanted[-1].position if wanted else position
        if is_end or monotonic() >= ends:
            break
        step = min(2 * step, _LOOKED_AT)
    total = begins.sum + sum(each.adds for each in facts)
    return Explanation(facts, total, None if is_last else f"{position}.{total}")


def _moved(
    connection: Connection, book: str, since: int, before: datetime, after: datetime | None
) -> Collection[str] | None:
    """Payments with something recorded since, that happened since where that counts.

    None: too many to tell apart.
    """
    column = payments.c
    query = select(column.payment_id).where(
        column.book == book,
        or_(column.status_position > since, column.metadata_position > since),
    )
    if before != after:
        query = query.where(column.updated_at > micros(before))
    found = set(connection.execute(query.limit(_MOST_PAYMENTS + 1)).scalars())
    return found if len(found) <= _MOST_PAYMENTS else None


def _can_differ(stored: StoredFact, begins: Ahead) -> bool:
    return begins.payments is None or stored.stream in begins.payments


def _differing(
    read: Sequence[StoredFact], difference: Difference, before: Seen, after: Seen, position: int
) -> list[ExplainingFact]:
    """Those after a position that make a difference; those before say how these found things."""
    was, is_now = _Side(before, difference), _Side(after, difference)
    mapper, facts = FactMapper(), list[ExplainingFact]()
    for each in read:
        adds = is_now.adds(each) - was.adds(each)
        if adds and each.position > position:
            facts.append(ExplainingFact(each, mapper.decode(each).occurred_at, adds))
    return facts


class _Side:
    """What facts add to the figure at one moment; it is shown them in their order."""

    def __init__(self, seen: Seen, difference: Difference) -> None:
        self._upto = seen.upto
        self._mapper = seen.mapper
        self._difference = difference
        self._terms = difference.terms

    def adds(self, stored: StoredFact) -> int:
        if stored.position > self._upto:
            return 0
        fact: Any = self._mapper.decode(stored)
        asked = self._difference
        is_asked = (
            isinstance(fact, Payment.Event)
            and fact.currency == asked.currency
            and asked.customer_id in (None, fact.customer_id)
        )
        term = self._terms.get(stored.topic)
        return term(fact) if is_asked and term is not None else 0


def _wanted(
    ledger: Ledger, book: str, difference: Difference, begins: Ahead, **part: int
) -> list[StoredFact]:
    """Facts that may make a difference, in the order of the book."""
    if begins.positions is None:
        return ledger.read_topics(book, list(difference.terms), **part)
    theirs = [each for each in begins.positions if part["after"] < each <= part["upto"]]
    return ledger.read_at(book, theirs[: part["limit"]])


def _with_what_led_there(
    ledger: Ledger, book: str, wanted: Sequence[StoredFact], before: Seen, after: Seen
) -> Sequence[StoredFact]:
    """As of a moment, what a fact says depends on what had happened to its payment until then."""
    if before.as_of is None and after.as_of is None:
        return wanted
    return ledger.read_parts(book, {each.stream: (0, each.version) for each in wanted})


def _place(cursor: str) -> tuple[int, int]:
    position, _, so_far = cursor.partition(".")
    try:
        return int(position), int(so_far)
    except ValueError as error:
        raise BadCursor from error
