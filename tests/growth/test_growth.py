"""Ten times the customers and payments, and every question costs what it cost before.

The same with plans as they are made for a million: a plan may change its mind with the numbers.
"""

from datetime import timedelta
from functools import partial

import pytest
from query_plans import asked, cost, postgresql_plan, postgresql_plans, sorted_rows
from sqlalchemy import select
from synthetic_book import BEGINNING, BOOK, customer_id

from projections.attention import what_waits
from projections.customer_filters import CustomerFilter
from projections.customer_list import customer_list
from projections.customer_profiles import profile, profile_by_external_id
from projections.customers import customers as customer_rows
from projections.customers import search_index
from projections.failed_attempts import failure_breakdown
from projections.new_and_returning import new_and_returning
from projections.payment_list import PaymentFilter, payment_history, payment_list
from projections.payment_movements import MovementFilter
from projections.payment_stats import payment_stats
from projections.revenue import revenue_series
from projections.source_breakdown import source_breakdown
from projections.top_customers import top_customers

# When the last thing happened in the small book, of a thousand customers and payments.
NOW = BEGINNING + timedelta(seconds=30_000)
PAGE = 20


def customers(db, *, sort_by="created_at", descending=True, **wanted):
    return customer_list(
        db,
        BOOK,
        CustomerFilter(**wanted),
        now=NOW,
        sort_by=sort_by,
        descending=descending,
        limit=PAGE,
    )


def payments(db, **wanted):
    return payment_list(db, BOOK, PaymentFilter(**wanted), limit=PAGE)


SOMEBODY = customer_id(500)
LONG_AGO = NOW - timedelta(days=9999)
SORTS = ("total_payments", "total_amount", "last_payment_at", "created_at", "risk_score")
QUESTIONS = {
    **{
        f"customers by {sort_by} {'down' if descending else 'up'}": partial(
            customers, sort_by=sort_by, descending=descending
        )
        for sort_by in SORTS
        for descending in (True, False)
    },
    **{
        f"customers by {sort_by} in KES": partial(customers, sort_by=sort_by, currency="KES")
        for sort_by in SORTS
    },
    **{
        f"customers with {name}": partial(customers, **wanted)
        for name, wanted in {
            "a part of an id": {"search": SOMEBODY[12:]},
            "a part nobody has": {"search": "nobody at all"},
            "a part many have": {"search": "gmail.com"},
            "two letters": {"search": "am"},
            "a part of a number": {"search": "024 412 3456"},
            "an external id": {"external_id": "user_7919"},
            "an email": {"email": "nobody@nowhere.example"},
            "a provider": {"provider": "hubtel"},
            "an unknown provider": {"provider": "nobody"},
            "a method": {"payment_method": "card"},
            "a high spend": {"min_spend": 10**9},
            "a low spend": {"min_spend": 1},
            "at most some spend": {"max_spend": 1_000},
            "a common tag": {"tags_any": ("web",)},
            "an unknown tag": {"tags_all": ("unknown", "web")},
            "no source": {"acquired_via": "unknown"},
            "a source": {"source": "subscription"},
            "a first payment in an hour": {"first_paid_from": NOW - timedelta(hours=1)},
            "a first payment in cedis": {"first_paid_currency": "GHS"},
            "a first payment long ago": {"first_paid_to": LONG_AGO, "first_paid_currency": "GHS"},
            "a first payment since long ago": {"first_paid_from": LONG_AGO},
            "a subscription": {"subscription_status": "active"},
            "no subscription": {"subscription_status": "none"},
            "much and little": {"search": SOMEBODY[12:], "tags_any": ("web",), "currency": "GHS"},
        }.items()
    },
    **{
        f"customers with a part many have by {sort_by}": partial(
            customers, sort_by=sort_by, search="gmail"
        )
        for sort_by in SORTS
    },
    "top customers": lambda db: top_customers(db, BOOK),
    "top customers by payments": lambda db: top_customers(db, BOOK, metric="payment_count"),
    "profile": lambda db: profile(db, BOOK, SOMEBODY),
    "profile by external id": lambda db: profile_by_external_id(db, BOOK, "user_7919"),
    "sources of a customer": lambda db: source_breakdown(db, BOOK, customer_id=SOMEBODY),
    "history": lambda db: payment_history(db, BOOK, SOMEBODY, limit=PAGE),
    **{
        f"payments with {name}": partial(payments, **wanted)
        for name, wanted in {
            "nothing in common": {},
            "a status": {"status": "succeeded"},
            "a rare status": {"status": "expired"},
            "a provider": {"provider": "hubtel"},
            "a method and a provider": {"method": "card", "provider": "hubtel"},
            "no source_id": {"source_id": "unknown"},
            "metadata": {"metadata": {"order": "77"}},
            "a part many have": {"search": "order"},
            "a status and a currency": {"status": "failed", "currency": "KES"},
            "nobody known": {"payer": "guest"},
        }.items()
    },
    **{
        f"payments by success with {name}": partial(payments, succeeded_from=LONG_AGO, **wanted)
        for name, wanted in {
            "nothing else in common": {},
            "a status": {"status": "succeeded"},
            "a rare status": {"status": "expired"},
            "no source_id": {"source_id": "unknown"},
            "a customer": {"customer_id": SOMEBODY},
            **{payer: {"payer": payer} for payer in ("new", "guest")},
        }.items()
    },
    "payment stats of a day": lambda db: payment_stats(
        db, BOOK, MovementFilter(), start=NOW - timedelta(hours=2), end=NOW
    ),
    "revenue of an hour": lambda db: revenue_series(
        db, BOOK, start=NOW - timedelta(hours=1), end=NOW
    ),
    "revenue of an hour by source": lambda db: revenue_series(
        db, BOOK, start=NOW - timedelta(hours=1), end=NOW, by_source=True
    ),
    "what waits for somebody": lambda db: what_waits(db, BOOK, now=NOW),
    "why payments failed in an hour": lambda db: failure_breakdown(
        db, BOOK, start=NOW - timedelta(hours=1), end=NOW, currency="GHS"
    ),
    "new and returning in an hour": lambda db: new_and_returning(
        db, BOOK, start=NOW - timedelta(hours=1), end=NOW
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_more_of_everything_costs_the_same(books, name):
    found = {}
    for each in ("small", "large", "million"):
        with books[each].reading() as connection:
            found[each] = cost(connection, QUESTIONS[name])

    assert max(found.values()) <= 1.5 * found["small"] + 100, found


LISTS = [name for name in QUESTIONS if name.startswith(("customers", "payments", "top", "history"))]


@pytest.mark.parametrize("size", ["large", "million"])
@pytest.mark.parametrize("name", LISTS)
def test_no_list_is_sorted(books, name, size):
    with books[size].reading() as connection:
        told = asked(connection, QUESTIONS[name])
        # What was narrowed to few is sorted; SQLite is told the few as JSON.
        lists = [each for each in told if "LIMIT" in each[0] and "json_each" not in each[0]]
        found = [sorted_rows(connection, *each) for each in lists]

    assert max(found, default=0) <= 5 * PAGE


@pytest.mark.parametrize("size", ["large", "million"])
@pytest.mark.parametrize("parts", [(SOMEBODY[12:],), ("024 412 3456", "244123456")])
def test_a_part_of_a_word_is_found_through_an_index(books, size, parts):
    with books[size].reading() as connection:
        way = search_index.found(connection, BOOK, *parts)
        told = asked(connection, lambda db: db.execute(way).all())[-1]
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {told[0]}", told[1])
            found = [row[3] for row in plan]
        else:
            found = index_names(postgresql_plan(connection, *told))

    if connection.dialect.name == "sqlite":
        # Bounded on both sides: the entries of other books are not read.
        assert found[0] == "SCAN customers_search VIRTUAL TABLE INDEX 0:M1><"
        assert found[-1].startswith("SEARCH main.customers USING INDEX customers_search_entries")
    else:
        assert set(found) == {"customers_search"}


def index_names(plan):
    mine = [plan["Index Name"]] if "Index Name" in plan else []
    return mine + [name for part in plan.get("Plans", ()) for name in index_names(part)]


def test_the_planner_believes_in_the_million(books):
    with books["million"].reading() as connection:
        if connection.dialect.name == "sqlite":
            counted = "SELECT stat FROM sqlite_stat1 WHERE tbl = 'customers'"
            found = {int(row[0].split()[0]) for row in connection.exec_driver_sql(counted)}
        else:
            [plan] = postgresql_plans(connection, lambda db: db.execute(select(customer_rows)))
            found = {plan["Plan Rows"]}

    assert {round(each, -5) for each in found} == {1_000_000}
