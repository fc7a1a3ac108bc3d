"""What is read from rollups must be what the movements add up to, whatever happened."""

import random
from datetime import timedelta
from functools import cache
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from domain.errors import Refusal
from projections.customer_profiles import profile
from projections.payment_movements import Moved, MovementFilter
from projections.payment_stats import payment_stats
from projections.revenue import revenue_series
from projections.source_breakdown import ranked_sources, source_breakdown
from projections.top_customers import top_customers

CUSTOMERS = ["cus_1", "cus_2", "cus_3"]
DATABASES, SEEDS = ("sqlite", "postgresql"), range(4)


@pytest.fixture(scope="module")
def lives(request, shop_in):
    """Shops that all tests ask, each filled by the first of them."""

    @cache
    def lived(database, seed):
        shop = shop_in(request.getfixturevalue(f"{database}_views"))
        live_through(shop, random.Random(seed), steps=120)
        return shop

    return lived


@pytest.fixture(params=product(DATABASES, SEEDS), ids=lambda each: "-".join(map(str, each)))
def shop(request, lives):
    return lives(*request.param)


def live_through(shop, chance, steps):
    """A random history: payments made, moved on, refunded, disputed and attached in any order."""
    for customer_id in CUSTOMERS:
        shop.register(customer_id)
    payments = []
    for _ in range(steps):
        now = shop.later(hours=chance.randint(0, 30), seconds=chance.randint(0, 999))
        if not payments or chance.random() < 0.35:
            payments.append(create(shop, chance))
            continue
        payment = chance.choice(payments)
        act = chance.choice(ACTS)
        try:
            act(payment, chance, now)
        except Refusal:
            continue
        shop.record(payment)


def create(shop, chance):
    source = chance.choice(["api", "payment_link", "subscription"])
    return shop.create(
        chance.choice([None, *CUSTOMERS]),
        chance.randint(1, 9) * 100,
        currency=chance.choice(["GHS", "GHS", "USD"]),
        method=chance.choice(["card", "mobile_money"]),
        provider=chance.choice([None, "hubtel"]),
        country=chance.choice([None, "GH", "NG"]),
        source=source,
        source_id=None if source == "api" else f"{source}_{chance.randint(1, 2)}",
        at=shop.now - timedelta(hours=chance.choice([0, 0, 0, 700])),
    )


ACTS = [
    lambda payment, chance, now: payment.collect(
        now,
        provider=chance.choice([None, "mtn"]),
        occurred_at=max(payment.created_at, now - timedelta(minutes=7)),
    ),
    lambda payment, _, now: payment.collect(now),
    lambda payment, _, now: payment.fail("declined", "declined", now),
    lambda payment, _, now: payment.retry(now),
    lambda payment, chance, now: payment.refund(
        f"ref_{now.timestamp()}", chance.randint(1, 300), now
    ),
    lambda payment, chance, now: payment.open_a_dispute(
        f"dp_{now.timestamp()}", chance.randint(1, 300), now
    ),
    lambda payment, chance, now: payment.resolve_the_dispute(chance.choice(["won", "lost"]), now),
    lambda payment, chance, now: payment.attach(chance.choice(CUSTOMERS), now),
]


def test_all_time_is_the_range_that_has_everything(shop):
    ever = {"start": shop.now - timedelta(days=2000), "end": shop.now + timedelta(days=1)}

    for customer_id in [None, *CUSTOMERS]:
        for currency in ("GHS", "USD"):
            asked = {"customer_id": customer_id, "currency": currency}
            assert shop.ask(source_breakdown, **asked) == shop.ask(
                source_breakdown, **asked, **ever
            )
    for currency in ("GHS", "USD"):
        assert shop.ask(ranked_sources, currency=currency) == shop.ask(
            ranked_sources, currency=currency, **ever
        )
        assert ranking(shop, currency=currency) == ranking(shop, currency=currency, **ever)
        for more in ({}, {"provider": "hubtel"}, {"method": "card"}, {"country": "NG"}):
            wanted = MovementFilter(currency=currency, **more)
            assert shop.ask(payment_stats, wanted) == shop.ask(payment_stats, wanted, **ever)


def test_the_parts_of_time_and_the_customers_add_up_to_the_whole(shop):
    end = shop.now + timedelta(seconds=1)

    for currency in ("GHS", "USD"):
        whole = shop.ask(payment_stats, MovementFilter(currency=currency)).totals
        for zone in ("UTC", "Asia/Kathmandu", "America/New_York"):
            days = shop.ask(
                revenue_series, start=None, end=end, currency=currency, zone=ZoneInfo(zone)
            ).buckets
            assert sum((each.totals for each in days), Moved()) == whole
            grouped = shop.ask(
                revenue_series,
                start=None,
                end=end,
                currency=currency,
                zone=ZoneInfo(zone),
                by_source=True,
            ).buckets
            assert [sum(each.by_source.values(), Moved()) for each in grouped] == [
                each.totals for each in days
            ]
        middle = end - timedelta(days=20, hours=5, minutes=3)
        wanted = MovementFilter(currency=currency)
        before = shop.ask(payment_stats, wanted, end=middle).totals
        since = shop.ask(payment_stats, wanted, start=middle).totals
        assert before + since == whole


def test_a_customer_s_totals_are_what_its_sources_brought(shop):
    for customer_id in CUSTOMERS:
        for totals in shop.ask(profile, customer_id).totals_by_currency:
            sources = shop.ask(source_breakdown, customer_id=customer_id, currency=totals.currency)
            assert (sources.count, sources.amount) == (
                totals.successful_payments,
                totals.total_spent,
            )
            assert sum(each.net_amount for each in sources.by_source) == totals.lifetime_value
            assert sum(each.created for each in sources.by_source) == totals.payment_count


def ranking(shop, **asked):
    rows = shop.ask(top_customers, **asked).page.rows
    return [(each.profile.customer_id, each.total_spent, each.successful_payments) for each in rows]
