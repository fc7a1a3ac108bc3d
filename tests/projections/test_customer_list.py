from datetime import timedelta
from uuid import uuid4

import pytest

from domain.subscription import Plan, Subscription
from projections.customer_filters import CustomerFilter
from projections.customer_list import customer_list


def listed(shop, sort_by="created_at", *, descending=True, **asked):
    found = shop.ask(
        customer_list,
        CustomerFilter(**asked),
        now=shop.now,
        sort_by=sort_by,
        descending=descending,
        limit=50,
    )
    assert found.page.total == len(found.page.rows)
    return [each.customer_id.removeprefix("cus_") for each in found.page.rows]


PLAN = Plan(
    plan_id="gold", amount=4000, currency="GHS", method="momo", interval="monthly", metadata={}
)


def subscribe(shop, customer_id):
    subscription_id = f"sub_{customer_id}_{uuid4().hex}"
    return shop.record(
        Subscription.create(subscription_id, customer_id=customer_id, plan=PLAN, now=shop.now)
    )


def then(shop, subscription, step):
    getattr(subscription, step)(shop.now)
    shop.record(subscription)


@pytest.mark.parametrize(
    "asked",
    [
        {"search": "ÁMA MEN"},
        {"search": "AMA@EX"},
        {"search": "501234"},
        {"search": "USR_1"},
        {"search": "cus_ama"},
        {"external_id": "usr_1"},
        {"email": "ama@EXAMPLE.com"},
        {"currency": "USD"},
        {"provider": "hubtel"},
        {"payment_method": "mobile_money"},
        {"activity_status": "active"},
        {"min_spend": 5000},
        {"min_spend": 5000, "max_spend": 5000},
        {"tags_any": ["vip", "nobody"]},
        {"tags_all": ["vip", "newsletter"]},
        {"acquired_via": "pl_summer"},
        {"source": "payment_link"},
        {"search": "ama", "tags_any": ["newsletter"], "min_spend": 1, "payment_method": "card"},
    ],
)
def test_each_filter_finds_the_one_and_not_the_others(shop, asked):
    shop.register(
        "cus_ama",
        external_id="usr_1",
        email="Ama@Example.com",
        name="Áma Mensah",
        phone="+233501234567",
        tags=["vip", "newsletter"],
    )
    shop.register("cus_kofi", external_id="usr_2", email="kofi@example.com", tags=["newsletter"])
    shop.register("cus_efua")
    shop.later(days=90)
    shop.pay(
        "cus_ama",
        5000,
        method="mobile_money",
        provider="hubtel",
        source="payment_link",
        source_id="pl_summer",
        at=shop.now - timedelta(days=3),
    )
    shop.pay("cus_ama", currency="USD", source="payment_link", source_id="pl_other")
    shop.pay("cus_kofi", 400, at=shop.now - timedelta(days=50), provider="mtn")

    assert listed(shop, **asked) == ["ama"]


def test_tags_are_those_of_now(shop):
    ama = shop.register("cus_ama", tags=["vip", "trial"])
    ama.update({"tags": ["churned"]}, shop.now)
    shop.record(ama)
    assert listed(shop, tags_any=["vip"]) == []
    assert listed(shop, tags_any=["churned", "vip"]) == ["ama"]

    ama.update({"tags": ["vip"]}, shop.now)
    shop.record(ama)

    assert listed(shop, tags_all=["vip"]) == ["ama"]
    assert listed(shop, tags_all=["vip", "churned"]) == []


def test_the_wildcards_of_sql_are_ordinary_characters(shop):
    shop.register("cus_a", name="100% Ama")
    shop.register("cus_b", name="100 percent")

    assert listed(shop, search="100%") == ["a"]
    assert listed(shop, search="_") == ["b", "a"]


def test_new_active_and_inactive_mean_the_last_thirty_days(shop):
    for name in ("old", "sleeping", "regular"):
        shop.register(f"cus_{name}")
    shop.pay("cus_sleeping")
    shop.later(days=60)
    shop.register("cus_fresh")
    shop.register("cus_imported")
    shop.pay("cus_imported", at=shop.now - timedelta(days=200))
    shop.register("cus_eager")
    shop.pay("cus_eager")
    shop.pay("cus_regular", at=shop.now - timedelta(days=30))

    assert sorted(listed(shop, activity_status="new")) == ["eager", "fresh"]
    assert sorted(listed(shop, activity_status="active")) == ["eager", "regular"]
    assert sorted(listed(shop, activity_status="inactive")) == ["imported", "old", "sleeping"]


def test_a_customer_is_found_by_the_best_of_their_subscriptions(shop):
    for name in ("ama", "kofi", "efua", "yaw"):
        shop.register(f"cus_{name}")
    subscribe(shop, "cus_ama")
    then(shop, subscribe(shop, "cus_ama"), "pause")
    then(shop, subscribe(shop, "cus_kofi"), "pause")
    then(shop, subscribe(shop, "cus_kofi"), "cancel")
    then(shop, subscribe(shop, "cus_efua"), "cancel")

    assert listed(shop, subscription_status="active") == ["ama"]
    assert listed(shop, subscription_status="paused") == ["kofi"]
    assert listed(shop, subscription_status="canceled") == ["efua"]
    assert listed(shop, subscription_status="none") == ["yaw"]


def prepare_sorting(shop):
    for name in ("a", "b", "c", "d"):
        shop.register(f"cus_{name}")
        shop.later(minutes=1)
    shop.pay("cus_a", 300)
    shop.decline("cus_b")
    shop.pay("cus_b", 100)
    shop.pay("cus_b", 100)
    shop.later(minutes=1)
    shop.pay("cus_c", 300)
    shop.pay("cus_c", 90_000, currency="USD", at=shop.now - timedelta(days=1))


@pytest.mark.parametrize(
    ("sort_by", "descending", "order"),
    [
        ("created_at", True, "dcba"),
        ("created_at", False, "abcd"),
        ("total_payments", True, "bcad"),
        ("total_payments", False, "dacb"),
        ("total_amount", True, "cabd"),
        ("total_amount", False, "dbac"),
        ("last_payment_at", True, "cbad"),
        ("last_payment_at", False, "dabc"),
        ("risk_score", True, "bdca"),
        ("risk_score", False, "acdb"),
    ],
)
def test_each_order_is_total_and_pages_follow_it(shop, sort_by, descending, order):
    prepare_sorting(shop)
    assert listed(shop, sort_by, descending=descending) == list(order)

    turned, cursor = [], None
    for offset in range(4):
        asked = {"now": shop.now, "sort_by": sort_by, "descending": descending, "limit": 1}
        page = shop.ask(customer_list, CustomerFilter(), cursor=cursor, **asked).page
        other = shop.ask(customer_list, CustomerFilter(), offset=offset, **asked).page
        assert page.total == other.total == 4
        assert [each.customer_id for each in page.rows] == [each.customer_id for each in other.rows]
        turned += [each.customer_id[-1] for each in page.rows]
        cursor = page.next_cursor

    assert cursor is None
    assert turned == list(order)


def test_payments_are_counted_in_all_currencies_unless_one_is_asked_for(shop):
    for name, currencies in {"a": ["GHS", "USD", "KES"], "b": ["GHS", "GHS"], "c": ["GHS"]}.items():
        shop.register(f"cus_{name}")
        for currency in currencies:
            shop.pay(f"cus_{name}", currency=currency)

    assert listed(shop, "total_payments") == ["a", "b", "c"]
    assert listed(shop, "total_payments", currency="GHS") == ["b", "c", "a"]


def test_spend_is_sorted_and_filtered_in_one_currency(shop):
    prepare_sorting(shop)

    found = shop.ask(
        customer_list, CustomerFilter(), now=shop.now, sort_by="total_amount", limit=50
    )
    assert found.currency == "GHS"
    assert listed(shop, "total_amount", currency="USD") == ["c"]
    assert listed(shop, min_spend=301) == []
    assert listed(shop, min_spend=301, currency="USD") == ["c"]
    assert listed(shop, max_spend=200) == ["d", "b"]


def test_deleted_customers_are_nowhere(shop):
    ama = shop.register("cus_ama", tags=["vip"])
    shop.register("cus_kofi", tags=["vip"])
    shop.pay("cus_ama")
    ama.delete(shop.now)
    shop.record(ama)

    assert listed(shop) == ["kofi"]
    assert listed(shop, "total_amount") == ["kofi"]
    assert listed(shop, tags_any=["vip"]) == ["kofi"]


def test_an_empty_book_has_an_empty_list(shop):
    assert listed(shop) == []
    assert listed(shop, "total_amount", min_spend=1) == []


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 7])
def test_pages_by_amount_go_on_from_those_who_paid_to_those_who_did_not(shop, descending, limit):
    for number in range(7):
        shop.register(f"cus_{number}")
        if number % 2:
            shop.pay(f"cus_{number}", 100 * number)
    paid, unpaid = ["5", "3", "1"], ["6", "4", "2", "0"]
    order = paid + unpaid if descending else unpaid[::-1] + paid[::-1]
    asked = {"now": shop.now, "sort_by": "total_amount", "descending": descending, "limit": limit}

    turned, cursor = [], None
    for offset in range(0, 7, limit):
        page = shop.ask(customer_list, CustomerFilter(), cursor=cursor, **asked).page
        other = shop.ask(customer_list, CustomerFilter(), offset=offset, **asked).page
        assert [each.customer_id for each in page.rows] == [each.customer_id for each in other.rows]
        turned += [each.customer_id[-1] for each in page.rows]
        cursor = page.next_cursor

    assert cursor is None
    assert turned == order
