from datetime import timedelta
from itertools import pairwise

from projections.customer_filters import CustomerFilter
from projections.customer_list import customer_list
from projections.new_and_returning import new_and_returning

DAY = timedelta(days=1)


def told(shop, **asked):
    """New customers, payments of those who came back, payments of nobody; day by day."""
    asked = {"start": shop.now - 2 * DAY, "end": shop.now + timedelta(minutes=7)} | asked
    buckets = shop.ask(new_and_returning, **asked).buckets
    assert all(one.end == another.start for one, another in pairwise(buckets))
    return [
        (
            (each.new_customers, each.new_amount),
            (each.returning_payments, each.returning_amount),
            (each.guest_payments, each.guest_amount),
        )
        for each in buckets
        if each.new_customers or each.returning_payments or each.guest_payments
    ]


def test_the_first_payment_of_a_customer_is_new_and_all_later_are_returning(shop):
    shop.register("cus_ama")
    shop.pay("cus_ama", 100)
    shop.pay("cus_ama", 20)
    shop.decline("cus_ama")
    shop.later(days=1)
    shop.pay("cus_ama", 3)
    shop.pay(None, 7)

    assert told(shop) == [((1, 100), (1, 20), (0, 0)), ((0, 0), (1, 3), (1, 7))]


def test_who_paid_first_in_another_currency_is_no_new_customer(shop):
    shop.register("cus_ama")
    shop.pay("cus_ama", 100)
    shop.later(hours=1)
    shop.pay("cus_ama", 9, currency="USD")

    assert told(shop, currency="USD") == [((0, 0), (1, 9), (0, 0))]
    assert told(shop, currency="GHS") == [((1, 100), (0, 0), (0, 0))]


def test_a_payment_that_is_told_of_late_may_have_been_the_first(shop):
    shop.register("cus_ama")
    shop.pay("cus_ama", 100)
    shop.pay("cus_ama", 5, at=shop.now - DAY)

    assert told(shop) == [((1, 5), (0, 0), (0, 0)), ((0, 0), (1, 100), (0, 0))]


def test_a_payment_that_is_given_its_customer_has_always_been_theirs(shop):
    shop.register("cus_ama")
    payment = shop.pay(None, 100)
    shop.later(days=1)
    shop.pay("cus_ama", 5)
    payment.attach("cus_ama", shop.now)
    shop.record(payment)

    assert told(shop) == [((1, 100), (0, 0), (0, 0)), ((0, 0), (1, 5), (0, 0))]


def test_a_customer_who_is_deleted_has_paid_all_the_same(shop):
    ama = shop.register("cus_ama")
    shop.pay("cus_ama", 100)
    ama.delete(shop.now)
    shop.record(ama)

    assert told(shop) == [((1, 100), (0, 0), (0, 0))]


def test_the_list_of_those_who_first_paid_in_a_time_is_as_long_as_the_figure(shop):
    for name, days, currency in (("ama", 5, "GHS"), ("kofi", 3, "USD"), ("efua", 1, "GHS")):
        shop.register(f"cus_{name}")
        shop.pay(f"cus_{name}", 100, currency=currency, at=shop.now - days * DAY)
        shop.pay(f"cus_{name}", 100, currency="GHS")
    asked = {"start": shop.now - 4 * DAY, "end": shop.now + DAY}

    def listed(**first_paid):
        wanted = CustomerFilter(first_paid_from=asked["start"], **first_paid)
        found = shop.ask(customer_list, wanted, now=shop.now, limit=50).page
        return [each.customer_id for each in found.rows]

    for currency in ("GHS", "USD"):
        buckets = shop.ask(new_and_returning, **asked, currency=currency).buckets
        expected = sum(each.new_customers for each in buckets)
        assert len(listed(first_paid_currency=currency)) == expected == 1
    assert sorted(listed()) == ["cus_efua", "cus_kofi"]
    assert listed(first_paid_to=shop.now - 2 * DAY) == ["cus_kofi"]


def test_an_empty_book_has_no_buckets(shop):
    assert told(shop) == []
