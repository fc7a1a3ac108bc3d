"""Hash chain: whoever changes, drops or reorders a stored fact breaks it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update

from ledger.append import Append, StoredFact
from ledger.chain import BrokenChain, Chain, genesis, link, walk
from ledger.database import writing
from ledger.schema import books, events

BOOK = "org_x/test"
TEXT = st.text(max_size=6)
FACTS = st.lists(st.tuples(TEXT, st.integers(1, 9), TEXT, TEXT, TEXT, TEXT), min_size=1, max_size=8)


def chained(contents):
    digest, facts = genesis(BOOK), []
    for position, content in enumerate(contents, 1):
        digest = link(digest, *content)
        facts.append(StoredFact(BOOK, position, *content, digest))
    return facts


def checked(facts, head):
    last = Chain(head.position, head.digest)
    return walk(BOOK, last, lambda after: [fact for fact in facts if fact.position > after])


@given(FACTS)
def test_a_book_as_it_was_recorded_is_whole(contents):
    facts = chained(contents)

    assert checked(facts, facts[-1]) == Chain(len(facts), facts[-1].digest)


@given(FACTS, st.data())
def test_any_change_is_noticed_where_it_is(contents, data):
    facts = chained(contents)
    n = data.draw(st.integers(0, len(facts) - 1))
    field = data.draw(st.sampled_from(["stream", "topic", "data", "context", "recorded_at"]))
    changed = replace(facts[n], **{field: getattr(facts[n], field) + "x"})

    found = checked([*facts[:n], changed, *facts[n + 1 :]], facts[-1])

    assert found == BrokenChain(BOOK, n + 1, "changed")


@given(FACTS, st.data())
def test_any_loss_is_noticed_where_it_is(contents, data):
    facts = chained(contents)
    n = data.draw(st.integers(0, len(facts) - 1))

    found = checked([*facts[:n], *facts[n + 1 :]], facts[-1])

    assert found == BrokenChain(BOOK, n + 1, "missing")


@given(FACTS, st.data())
def test_any_swap_is_noticed_where_it_is(contents, data):
    facts = chained([("", 1, "", "", "", ""), *contents])
    a = data.draw(st.integers(0, len(facts) - 2))
    b = data.draw(st.integers(a + 1, len(facts) - 1))
    swapped = [*facts]
    swapped[a] = replace(facts[b], position=a + 1)
    swapped[b] = replace(facts[a], position=b + 1)

    found = checked(swapped, facts[-1])

    reason = f"reordered: the fact that belongs here stands at position {b + 1}"
    assert found == BrokenChain(BOOK, a + 1, reason)


@given(TEXT, TEXT, TEXT, TEXT)
def test_moving_a_letter_from_one_value_to_the_next_changes_the_digest(a, b, c, d):
    now = datetime.now(UTC).isoformat()

    assert link(b"", a + "x", 1, b, c, d, now) != link(b"", a, 1, "x" + b, c, d, now)
    assert link(b"", a, 1, b + "x", c, d, now) != link(b"", a, 1, b, "x" + c, d, now)


@pytest.fixture
def written(ledger, facts):
    ledger.append(Append(BOOK, facts("pay_1", *range(1, 1301)), {"pay_1": 0}))
    return ledger


def test_a_book_longer_than_a_page_is_whole(written):
    assert written.verify(BOOK).position == 1300


def test_a_book_never_written_is_whole(written):
    assert written.verify("org_y/test") == Chain(0, genesis("org_y/test"))


def at(position):
    return (events.c.book == BOOK) & (events.c.position == position)


@pytest.mark.parametrize(
    ("tampering", "position", "reason"),
    [
        (update(events).where(at(1200)).values(data='{"amount": 1}'), 1200, "changed"),
        (delete(events).where(at(1100)), 1100, "missing"),
        (delete(events).where(at(1300)), 1300, "missing"),
        (update(events).where(at(1300)).values(position=1301), 1301, "added"),
        (update(books).where(books.c.book == BOOK).values(position=1299), 1300, "added"),
        (update(books).where(books.c.book == BOOK).values(digest=b"x"), 1300, "changed"),
        (delete(books).where(books.c.book == BOOK), 1, "added"),
    ],
)
def test_tampering_with_the_tables_is_named_and_placed(
    written, engine, tampering, position, reason
):
    with writing(engine) as connection:
        connection.execute(tampering)

    found = written.verify(BOOK)

    assert (found.book, found.position) == (BOOK, position)
    assert found.reason.startswith(reason)
