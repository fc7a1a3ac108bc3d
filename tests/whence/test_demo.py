"""Demo import: a made-up year, beside whatever else works on the store."""

import asyncio
from datetime import UTC, datetime

from commands.handling.unit_of_work import DUE
from whence.demo.fill import Fill
from whence.demo.year import Year

BOOK = "org_00000000000000000000000001/test"
ENDS_AT = datetime(2026, 11, 1, tzinfo=UTC)


def test_nothing_is_due_to_a_billing_worker_before_the_year_is_told(ledger):
    acts = Year(seed=7, until=ENDS_AT, customers=30, payments=600).acts()
    due_meanwhile = []

    def look(_done):
        due_meanwhile.append(ledger.books_holding(DUE, before="9999"))

    asyncio.run(Fill(ledger, BOOK, seed=7, progress=look).run(acts, until=ENDS_AT))

    assert len(due_meanwhile) > 1
    assert not any(due_meanwhile)
    assert ledger.books_holding(DUE, before="9999") == [BOOK]
    assert ledger.books_holding(DUE, before=ENDS_AT.isoformat()) == []
