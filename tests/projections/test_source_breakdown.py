from datetime import timedelta

import pytest

from projections.source_breakdown import ranked_sources, source_breakdown

LINK = {"source": "payment_link", "source_id": "pl_1", "source_description": "Summer Sale"}
OTHER_LINK = {"source": "payment_link", "source_id": "pl_2", "source_description": "Market Day"}
PLAN = {"source": "subscription", "source_id": "sub_1", "source_description": "Pro"}


def by_source(breakdown):
    return {each.source: (each.succeeded, each.amount) for each in breakdown.by_source}


def whole_and_range(shop):
    """The same question to the rollups and to the movements: they must agree."""
    return [{}, {"start": shop.now - timedelta(days=500), "end": shop.now + timedelta(days=1)}]


def prepare(shop):
    shop.register("cus_ama")
    shop.register("cus_kofi")
    shop.pay("cus_ama", 1000)
    shop.pay("cus_ama", 3000, **LINK)
    shop.pay("cus_kofi", 2000, **LINK)
    shop.pay("cus_kofi", 4000, at=shop.now - timedelta(days=40), **PLAN)
    shop.pay(None, 500, **OTHER_LINK)
    shop.decline("cus_ama", amount=9000, **LINK)
    shop.pay("cus_ama", 77, currency="USD", **PLAN)


def test_all_three_sources_are_listed_and_their_shares_add_up_to_one(shop):
    prepare(shop)

    for asked in whole_and_range(shop):
        book = shop.ask(source_breakdown, **asked)

        assert (book.currency, book.count, book.amount) == ("GHS", 5, 10_500)
        assert by_source(book) == {
            "api": (1, 1000),
            "payment_link": (3, 5500),
            "subscription": (1, 4000),
        }
        assert sum(each.count_share for each in book.by_source) == pytest.approx(1)
        assert sum(each.amount_share for each in book.by_source) == pytest.approx(1)
        assert (book.subscription_share, book.one_time_share) == (0.2, 0.8)
        assert [each.customers for each in book.by_source] == [1, 2, 1]


def test_by_source_id_tells_each_link_apart_and_leaves_out_what_brought_nothing(shop):
    prepare(shop)
    shop.decline("cus_ama", source="payment_link", source_id="pl_empty")

    for asked in whole_and_range(shop):
        rows = shop.ask(source_breakdown, **asked).by_source_id

        assert [(each.source_id, each.amount, each.created) for each in rows] == [
            ("pl_1", 5000, 3),
            ("sub_1", 4000, 1),
            (None, 1000, 1),
            ("pl_2", 500, 1),
        ]
        assert rows[0].source_description == "Summer Sale"
        assert (rows[0].customers, rows[3].customers) == (2, 0)
        assert rows[0].first_payment_at == rows[0].last_payment_at == shop.now


def test_one_customer_s_breakdown_is_in_the_currency_it_prefers(shop):
    prepare(shop)

    for asked in whole_and_range(shop):
        ama = shop.ask(source_breakdown, customer_id="cus_ama", **asked)
        assert (ama.currency, ama.count, ama.amount) == ("GHS", 2, 4000)
        assert by_source(ama)["subscription"] == (0, 0)
        assert [each.customers for each in ama.by_source] == [1, 1, 0]

        dollars = shop.ask(source_breakdown, customer_id="cus_ama", currency="USD", **asked)
        assert (dollars.subscription_share, dollars.one_time_share) == (1, 0)


def test_without_a_successful_payment_all_shares_are_zero(shop):
    shop.register("cus_ama")
    shop.decline("cus_ama")

    for asked in [*whole_and_range(shop), {"customer_id": "cus_ama"}, {"currency": "JPY"}]:
        found = shop.ask(source_breakdown, **asked)
        assert [each.source for each in found.by_source] == [
            "api",
            "payment_link",
            "subscription",
        ]
        assert {each.count_share + each.amount_share for each in found.by_source} == {0}
        assert (found.subscription_share, found.one_time_share, found.by_source_id) == (0, 0, [])


def test_refunds_and_lost_disputes_lower_the_net_amount(shop):
    payment = shop.pay("cus_ama", 1000, **LINK)
    payment.refund("ref_1", 300, shop.now)
    payment.open_a_dispute("dp_1", 100, shop.now)
    payment.resolve_the_dispute("lost", shop.now)
    shop.record(payment)

    for asked in whole_and_range(shop):
        link = shop.ask(source_breakdown, **asked).by_source_id[0]
        assert (link.amount, link.refunded_amount, link.disputed_amount) == (1000, 300, 100)
        assert link.net_amount == 600


def test_a_range_has_what_succeeded_in_it_and_the_refunds_of_it(shop):
    payment = shop.pay("cus_ama", 1000, at=shop.now - timedelta(days=10), **LINK)
    payment.refund("ref_1", 300, shop.now)
    shop.record(payment)

    before = shop.ask(source_breakdown, end=shop.now).by_source[1]
    since = shop.ask(source_breakdown, start=shop.now).by_source[1]

    assert (before.amount, before.refunded_amount) == (1000, 0)
    assert (since.amount, since.refunded_amount) == (0, 300)


def test_a_payment_attached_later_moves_into_the_breakdown_of_its_customer(shop):
    shop.register("cus_ama")
    payment = shop.pay(None, 1000, **LINK)
    payment.refund("ref_1", 400, shop.now)
    shop.record(payment)
    assert shop.ask(source_breakdown).by_source[1].customers == 0

    payment.attach("cus_ama", shop.now)
    shop.record(payment)

    for asked in whole_and_range(shop):
        ama = shop.ask(source_breakdown, customer_id="cus_ama", **asked)
        assert (ama.by_source_id[0].source_id, ama.by_source_id[0].net_amount) == ("pl_1", 600)
        book = shop.ask(source_breakdown, **asked)
        assert (book.count, book.by_source[1].customers) == (1, 1)


def test_a_link_is_called_as_when_this_customer_paid_last_by_it(shop):
    shop.register("cus_ama")
    shop.pay("cus_ama", 1000, **LINK)
    shop.pay(None, 500, **LINK | {"source_description": "Winter Sale"})

    for asked in whole_and_range(shop):
        (ama,) = shop.ask(source_breakdown, customer_id="cus_ama", **asked).by_source_id

        assert ama.source_description == "Summer Sale"


def test_which_link_brought_most(shop):
    prepare(shop)

    for asked in whole_and_range(shop):
        found = shop.ask(ranked_sources, source="payment_link", **asked)

        rows = found.page.rows
        assert (found.currency, found.page.total) == ("GHS", 2)
        assert [(each.source_id, each.amount) for each in rows] == [("pl_1", 5000), ("pl_2", 500)]
        assert rows[0].amount_share == 5000 / 10_500


def test_sources_themselves_can_be_ranked_zeros_included(shop):
    shop.pay(None, 100)

    rows = shop.ask(ranked_sources, group_by="source").page.rows

    assert [(each.source, each.amount) for each in rows] == [
        ("api", 100),
        ("payment_link", 0),
        ("subscription", 0),
    ]


def test_ranked_sources_come_in_pages(shop):
    for number in range(5):
        shop.pay(None, 100, source="payment_link", source_id=f"pl_{number}")

    for asked in whole_and_range(shop):
        turned, cursor = [], None
        while True:
            page = shop.ask(ranked_sources, limit=2, cursor=cursor, **asked).page
            assert page.total == 5
            turned += [each.source_id for each in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert turned == [f"pl_{number}" for number in range(5)]


def test_an_empty_book_has_three_empty_sources(shop):
    found = shop.ask(source_breakdown)

    assert (found.currency, found.count, len(found.by_source)) == (None, 0, 3)
    assert shop.ask(ranked_sources).page.rows == []
