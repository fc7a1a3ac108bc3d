"""However few "few" are, a list has the same rows, and its total is never more than there are."""

from datetime import timedelta

import pytest

from projections.customer_filters import CustomerFilter
from projections.customer_list import customer_list
from projections.engine.querying import candidates
from projections.payment_list import PaymentFilter, payment_list
from projections.top_customers import top_customers

SORTS = ("total_amount", "last_payment_at")
CUSTOMERS = [
    CustomerFilter(),
    CustomerFilter(search="ama"),
    CustomerFilter(search="a"),
    CustomerFilter(search="ama", tags_any=("vip",)),
    CustomerFilter(tags_any=("vip", "web")),
    CustomerFilter(tags_all=("vip", "web")),
    CustomerFilter(currency="GHS"),
    CustomerFilter(currency="NGN", min_spend=1),
    CustomerFilter(min_spend=1_000, max_spend=5_000),
    CustomerFilter(min_spend=0),
    CustomerFilter(max_spend=0),
    CustomerFilter(acquired_via="pl_1"),
    CustomerFilter(source="payment_link"),
    CustomerFilter(subscription_status="none"),
    CustomerFilter(payment_method="card", provider="hubtel"),
    CustomerFilter(activity_status="active"),
    CustomerFilter(activity_status="new"),
    CustomerFilter(activity_status="inactive"),
]
PAYMENTS = [
    PaymentFilter(),
    PaymentFilter(status="succeeded"),
    PaymentFilter(currency="GHS", status="succeeded"),
    PaymentFilter(metadata={"colour": "red"}),
    PaymentFilter(metadata={"colour": "red", "size": "xl"}),
    PaymentFilter(search="pay_0"),
    PaymentFilter(amount_min=1_000),
    PaymentFilter(source_id="pl_1"),
]


@pytest.fixture
def busy_shop(shop):
    for number in range(12):
        tags = ["vip"] if number % 2 else ["vip", "web"] if number % 4 else ["web"]
        customer_id = f"cus_{number:02}"
        customer = shop.register(customer_id, name="Ama" if number % 3 else "Kofi", tags=tags)
        for payment in range(number % 4):
            shop.pay(
                customer_id,
                amount=500 * payment + 100 * number,
                currency="NGN" if number % 5 == 0 else "GHS",
                source="payment_link",
                source_id=f"pl_{number % 3}",
                provider="hubtel" if payment else "paystack",
                metadata={"colour": "red", "size": "xl" if payment else "s"},
            )
        if number == 7:
            customer.delete(shop.now)
            shop.record(customer)
        elif number % 2:
            customer.update({"tags": ["old"]}, shop.now)
            shop.record(customer)
        shop.later(days=9)
    return shop


def walked(ask):
    """All ids a list leads to, page by page, and what it says of the total on each."""
    ids, totals, cursor = [], [], None
    while True:
        page = ask(cursor)
        ids += [row_id(row) for row in page.rows]
        totals.append((page.total, page.total_is_exact))
        cursor = page.next_cursor
        if cursor is None:
            return ids, totals


def row_id(row):
    match row:
        case _ if hasattr(row, "payment"):
            return row.payment.payment_id
        case _ if hasattr(row, "profile"):
            return row.profile.customer_id
        case _:
            return row.customer_id


def lists(shop, sort_by):
    end = shop.now + timedelta(days=1)
    for wanted in CUSTOMERS:
        yield (
            wanted,
            lambda cursor, wanted=wanted: (
                shop.ask(
                    customer_list, wanted, now=end, sort_by=sort_by, limit=3, cursor=cursor
                ).page
            ),
        )
    for wanted in PAYMENTS:
        yield (
            wanted,
            lambda cursor, wanted=wanted: shop.ask(payment_list, wanted, limit=3, cursor=cursor),
        )
    yield "top", lambda cursor: shop.ask(top_customers, limit=2, cursor=cursor).page


@pytest.mark.parametrize("sort_by", SORTS)
def test_rows_are_the_same_and_totals_are_honest(busy_shop, monkeypatch, sort_by):
    right = {str(wanted): walked(ask) for wanted, ask in lists(busy_shop, sort_by)}
    for ids, totals in right.values():
        assert set(totals) == {(len(ids), True)}
        assert len(ids) == len(set(ids))
    assert sum(len(ids) > 3 for ids, _ in right.values()) > 15

    for few in (1, 3):
        monkeypatch.setattr(candidates, "FEW", few)
        for wanted, ask in lists(busy_shop, sort_by):
            ids, totals = walked(ask)
            assert ids == right[str(wanted)][0], (few, wanted)
            for total, is_exact in totals:
                assert total <= len(ids), (few, wanted)
                assert (total == len(ids)) if is_exact else (total >= 1), (few, wanted)
            if len(ids) <= 1:
                assert set(totals) == {(len(ids), True)}


def test_a_total_beyond_few_says_so(busy_shop, monkeypatch):
    monkeypatch.setattr(candidates, "FEW", 4)

    some = busy_shop.ask(payment_list, PaymentFilter(amount_min=1), limit=2)
    more = busy_shop.ask(payment_list, PaymentFilter(amount_min=1), limit=8)
    everything = busy_shop.ask(payment_list, PaymentFilter(amount_min=1), limit=100)

    assert (some.total, some.total_is_exact) == (4, False)
    assert (more.total, more.total_is_exact) == (8, False)
    assert (everything.total, everything.total_is_exact) == (len(everything.rows), True)
