from datetime import timedelta

import pytest

from projections.engine.querying import pages
from projections.engine.querying.pages import BadCursor
from projections.periods import start_of
from projections.top_customers import ranking_export, top_customers


def ranked(shop, **asked):
    top = shop.ask(top_customers, **asked)
    return [(each.profile.customer_id, each.total_spent) for each in top.page.rows]


def register(shop, *names):
    for name in names:
        shop.register(f"cus_{name}")


def test_who_spent_most_comes_first_in_the_book_s_most_used_currency(shop):
    register(shop, "ama", "kofi", "efua")
    shop.pay("cus_ama", 500)
    shop.pay("cus_kofi", 300)
    shop.pay("cus_kofi", 300)
    shop.pay("cus_efua", 999_999, currency="USD")

    top = shop.ask(top_customers)

    assert (top.currency, top.page.total) == ("GHS", 2)
    assert ranked(shop) == [("cus_kofi", 600), ("cus_ama", 500)]
    assert ranked(shop, currency="USD") == [("cus_efua", 999_999)]


def test_ties_go_to_more_payments_then_to_the_earlier_first_one_then_by_id(shop):
    register(shop, "a", "b", "c", "d")
    shop.pay("cus_d", 600)
    shop.pay("cus_c", 600)
    shop.pay("cus_b", 600, at=shop.now - timedelta(days=1))
    shop.pay("cus_a", 300)
    shop.pay("cus_a", 300)

    assert [name for name, _ in ranked(shop)] == ["cus_a", "cus_b", "cus_c", "cus_d"]
    assert [name for name, _ in ranked(shop, end=shop.later(seconds=1))] == [
        "cus_a",
        "cus_b",
        "cus_c",
        "cus_d",
    ]


def test_whoever_never_paid_or_was_deleted_is_left_out(shop):
    register(shop, "ama", "kofi")
    efua = shop.register("cus_efua")
    shop.pay("cus_ama", 100)
    shop.decline("cus_kofi", amount=900)
    shop.pay("cus_efua", 900)
    shop.pay(None, 900)
    efua.delete(shop.now)
    shop.record(efua)

    assert ranked(shop) == [("cus_ama", 100)]
    assert ranked(shop, start=shop.now - timedelta(days=7)) == [("cus_ama", 100)]
    assert shop.ask(top_customers).page.total == 1


def test_a_period_ranks_by_what_succeeded_in_it_and_ranges_are_half_open(shop):
    register(shop, "ama", "kofi")
    shop.pay("cus_ama", 900, at=shop.now - timedelta(days=8))
    shop.pay("cus_ama", 100, at=shop.now - timedelta(days=7))
    shop.pay("cus_kofi", 200, at=shop.now - timedelta(days=1))

    assert ranked(shop) == [("cus_ama", 1000), ("cus_kofi", 200)]
    assert ranked(shop, start=start_of("7d", shop.now)) == [("cus_kofi", 200), ("cus_ama", 100)]
    assert ranked(shop, end=shop.now - timedelta(days=7)) == [("cus_ama", 900)]
    assert start_of("all", shop.now) is None


def test_a_refund_in_another_period_changes_no_ranking(shop):
    register(shop, "ama", "kofi")
    payment = shop.pay("cus_ama", 900)
    shop.pay("cus_kofi", 800)
    payment.refund("ref_1", None, shop.later(days=3))
    shop.record(payment)

    assert ranked(shop) == [("cus_ama", 900), ("cus_kofi", 800)]


def test_the_number_of_payments_can_be_the_measure(shop):
    register(shop, "ama", "kofi")
    shop.pay("cus_ama", 900)
    shop.pay("cus_kofi", 100)
    shop.decline("cus_kofi", amount=100)

    top = shop.ask(top_customers, metric="payment_count").page.rows
    assert [(each.profile.customer_id, each.payment_count) for each in top] == [
        ("cus_kofi", 2),
        ("cus_ama", 1),
    ]


def test_a_country_ranks_by_what_was_paid_from_there(shop):
    register(shop, "ama", "kofi")
    shop.pay("cus_ama", 900, country="GH")
    shop.pay("cus_ama", 50, country="NG")
    shop.pay("cus_kofi", 100, country="NG")

    assert ranked(shop, country="NG") == [("cus_kofi", 100), ("cus_ama", 50)]


def test_a_payment_attached_later_counts_when_it_had_succeeded(shop):
    register(shop, "ama")
    payment = shop.pay(None, 400, at=shop.now - timedelta(days=40))
    payment.attach("cus_ama", shop.now)
    shop.record(payment)

    assert ranked(shop) == [("cus_ama", 400)]
    assert ranked(shop, start=shop.now - timedelta(days=30)) == []
    assert ranked(shop, start=shop.now - timedelta(days=90)) == [("cus_ama", 400)]


@pytest.mark.parametrize("metric", ["total_spent", "payment_count"])
@pytest.mark.parametrize("days", [None, 30])
def test_pages_never_overlap_and_miss_nobody(shop, metric, days):
    for number in range(11):
        shop.register(f"cus_{number:02}")
        shop.pay(f"cus_{number:02}", 100 * (number % 3 + 1))
    asked = {"metric": metric, "start": None if days is None else shop.now - timedelta(days=days)}
    everyone = [each.profile.customer_id for each in shop.ask(top_customers, **asked).page.rows]
    everyone += [
        each.profile.customer_id for each in shop.ask(top_customers, offset=10, **asked).page.rows
    ]

    turned, cursor = [], None
    while True:
        page = shop.ask(top_customers, limit=4, cursor=cursor, **asked).page
        assert page.total == 11
        turned += [each.profile.customer_id for each in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert turned == everyone
    assert len(set(everyone)) == 11


@pytest.mark.parametrize("metric", ["total_spent", "payment_count"])
@pytest.mark.parametrize("country", [None, "GH"])
def test_a_file_has_what_the_pages_have(shop, monkeypatch, metric, country):
    monkeypatch.setattr(pages, "EXPORT_STEP", 2)
    register(shop, *"abcdef")
    for number, name in enumerate("abcde"):
        for amount in range(number % 3 + 1):
            shop.pay(f"cus_{name}", 100 * (amount + 1), country="GH")
    asked = {"metric": metric, "currency": None, "country": country, "start": None, "end": None}

    told = shop.ask(lambda *of: [*ranking_export(*of, **asked)])

    assert len(told) == 5
    assert told == shop.ask(top_customers, **asked, limit=50).page.rows


def test_a_cursor_of_another_ranking_is_refused(shop):
    register(shop, "ama", "kofi")
    shop.pay("cus_ama")
    shop.pay("cus_kofi")
    cursor = shop.ask(top_customers, limit=1).page.next_cursor

    with pytest.raises(BadCursor):
        shop.ask(top_customers, metric="payment_count", cursor=cursor)


def test_an_empty_book_has_no_ranking_and_no_currency(shop):
    top = shop.ask(top_customers)

    assert (top.currency, top.page.rows, top.page.total) == (None, [], 0)


def test_a_page_need_not_be_counted(shop):
    register(shop, "ama")
    shop.pay("cus_ama")

    assert shop.ask(top_customers, counted=False).page.total is None
