"""What two moments say apart, held against two oracles and the facts between the moments."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from oracle import Oracle
from simulated_shop import CURRENCIES
from sqlalchemy import Connection

from ledger.ledger import Ledger
from projections.change_explanations import Difference, Seen, ahead, explain_change
from projections.changes import Changes, Paid, changes_until, figures_of_everybody
from projections.explanations import OF_CUSTOMER

# Of the book all figures are explained, of each customer one of these.
MOST = 1_000
OF_SOMEBODY = ("lifetime_value", "failed_payments", "payment_count", "refund_amount")


@dataclass
class Asked:
    """A moment that can be asked, with what the oracle says of it."""

    ask: Callable[[Callable[[Connection], Any]], Any]
    seen: Seen
    oracle: Oracle


@dataclass
class Apart:
    """Two moments of a book; `since` is the position of the earlier one."""

    ledger: Ledger
    book: str
    since: int
    before: Asked
    after: Asked

    def assert_explained(self) -> None:
        for currency in CURRENCIES:
            of_all = self._changes(currency, None)
            self._customers(of_all, currency)
            for figure in OF_CUSTOMER:
                self._figure(of_all, Difference(figure, currency, None))
            for number, customer in enumerate(self.after.oracle.people):
                figure = OF_SOMEBODY[number % len(OF_SOMEBODY)]
                theirs = self._changes(currency, customer)
                self._figure(theirs, Difference(figure, currency, customer))

    def _changes(self, currency: str, whose: str | None) -> Changes:
        asked = partial(figures_of_everybody, customer_id=whose, currency=currency)
        after = self.after.ask(partial(asked, book=self.book))
        return self.before.ask(partial(changes_until, book=self.book, after=after, most=MOST))

    def _figure(self, told: Changes, asked: Difference) -> None:
        whose, currency = asked.customer_id, str(asked.currency)
        was, is_now = (
            each.oracle.totals(whose, currency)[asked.figure] for each in (self.before, self.after)
        )

        assert [
            getattr(each.totals.get(currency, Paid()), asked.figure)
            for each in (told.before, told.after)
        ] == [was, is_now]
        assert self._explained(asked) == is_now - was

    def _customers(self, told: Changes, currency: str) -> None:
        there = [
            {each.id for each in asked.oracle.people.values() if not each.deleted}
            for asked in (self.before, self.after)
        ]
        changed = {each for each in self.after.oracle.people if self._moved(each, currency)}

        assert set(told.new_customers.first) == there[1] - there[0]
        assert set(told.gone_customers.first) == there[0] - there[1]
        assert set(told.changed_customers.first) & set(self.after.oracle.people) == changed

    def _moved(self, customer: str, currency: str) -> bool:
        was, is_now = (
            [each.oracle.totals(customer, currency)[name] for name in Paid._fields]
            for each in (self.before, self.after)
        )
        return was != is_now

    def _explained(self, asked: Difference) -> int:
        cursor = None
        while True:
            place = partial(
                ahead,
                book=self.book,
                difference=asked,
                since=self.since,
                before=self.before.seen.as_of,
                after=self.after.seen.as_of,
                cursor=cursor,
            )
            page = explain_change(
                self.ledger,
                self.book,
                asked,
                self.after.ask(place),
                before=self.before.seen,
                after=self.after.seen,
                limit=3,
            )
            assert len(page.facts) <= 3
            if (cursor := page.next_cursor) is None:
                return page.sum
