from datetime import timedelta

from projections.customer_stats import customer_stats


def test_customers_are_counted_in_all_active_and_new(shop):
    shop.register("cus_old")
    gone = shop.register("cus_gone")
    shop.later(days=60)
    shop.register("cus_new")
    shop.register("cus_eager")
    shop.pay("cus_eager")
    shop.pay("cus_gone")
    gone.delete(shop.now)
    shop.record(gone)

    found = shop.ask(customer_stats, now=shop.now)

    assert (found.total, found.active, found.new, found.inactive) == (3, 1, 2, 1)


def test_each_tag_has_its_customers_and_what_they_spent_in_one_currency(shop):
    ama = shop.register("cus_ama", tags=["vip", "trial"])
    shop.register("cus_kofi", tags=["vip"])
    gone = shop.register("cus_gone", tags=["vip"])
    shop.pay("cus_ama", 100)
    shop.pay("cus_ama", 100)
    shop.pay("cus_kofi", 7, currency="USD")
    shop.pay("cus_gone", 50)
    ama.update({"tags": ["vip"]}, shop.now)
    gone.delete(shop.now)
    shop.record(ama)
    shop.record(gone)

    found = shop.ask(customer_stats, now=shop.now)

    assert [(each.tag, each.customers, each.total_spent) for each in found.by_tag] == [
        ("vip", 2, 200)
    ]
    assert found.by_tag[0].currency == found.currency == "GHS"
    dollars = shop.ask(customer_stats, now=shop.now, currency="USD")
    assert dollars.by_tag[0].total_spent == 7


def test_the_totals_of_a_book_keep_deleted_customers_and_have_payments_without_one(shop):
    ama = shop.register("cus_ama")
    shop.pay("cus_ama", 100, at=shop.now - timedelta(days=1))
    shop.pay(None, 30)
    shop.pay(None, 9000, currency="USD")
    failed = shop.decline("cus_ama")
    failed.retry(shop.now)
    shop.record(failed)
    ama.delete(shop.now)
    shop.record(ama)

    cedis, dollars = shop.ask(customer_stats, now=shop.now).totals_by_currency

    assert (cedis.currency, cedis.total_spent, cedis.payment_count) == ("GHS", 130, 3)
    assert (cedis.failed_payments, cedis.last_payment_at) == (0, shop.now)
    assert (dollars.currency, dollars.total_spent) == ("USD", 9000)


def test_of_two_currencies_as_frequent_the_one_used_last_is_the_book_s_main_one(shop):
    shop.pay(None, currency="GHS")
    shop.pay(None, currency="USD", at=shop.now - timedelta(days=1))
    assert shop.ask(customer_stats, now=shop.now).currency == "GHS"

    shop.pay(None, currency="USD", at=shop.now - timedelta(days=2))

    assert shop.ask(customer_stats, now=shop.now).currency == "USD"
