from datetime import timedelta

from projections.refunds_and_disputes import RefundFilter, refund, refund_list


def test_refunds_are_listed_newest_first_lost_disputes_are_not(shop):
    payment = shop.pay("cus_ama", 1000, at=shop.now - timedelta(days=2))
    other = shop.pay(None, 1000)
    payment.refund("ref_1", 100, shop.now, reason="too small", provider_refund_id="r-1")
    other.refund("ref_2", 200, shop.later(hours=1))
    payment.refund("ref_3", 300, shop.now, occurred_at=shop.now - timedelta(days=1))
    payment.open_a_dispute("dp_1", 50, shop.now)
    payment.resolve_the_dispute("lost", shop.now)
    shop.record(payment)
    shop.record(other)

    page = shop.ask(refund_list, RefundFilter(), limit=2)

    assert [each.refund_id for each in page.rows] == ["ref_2", "ref_1"]
    assert page.total == 3
    rest = shop.ask(refund_list, RefundFilter(), limit=2, cursor=page.next_cursor)
    assert [each.refund_id for each in rest.rows] == ["ref_3"]


def test_the_refunds_of_one_payment_are_its_own(shop):
    payment = shop.pay(None, 1000)
    other = shop.pay(None, 1000)
    payment.refund("ref_1", 100, shop.now, reason="too small")
    other.refund("ref_2", 200, shop.now)
    shop.record(payment)
    shop.record(other)

    page = shop.ask(refund_list, RefundFilter(payment_id=payment.id), limit=50)

    assert page.total == 1
    assert (page.rows[0].refund_id, page.rows[0].amount) == ("ref_1", 100)


def test_one_refund_is_found_by_id_and_follows_the_payment_to_its_customer(shop):
    payment = shop.pay(None, 1000, currency="USD")
    payment.refund("ref_1", 100, shop.now, reason="too small", provider_refund_id="r-1")
    payment.open_a_dispute("dp_1", 50, shop.now)
    payment.resolve_the_dispute("lost", shop.now)
    payment.attach("cus_ama", shop.now)
    shop.record(payment)

    told = shop.ask(refund, "ref_1")

    assert (told.payment_id, told.customer_id) == (payment.id, "cus_ama")
    assert (told.amount, told.currency, told.created_at) == (100, "USD", shop.now)
    assert (told.reason, told.provider_refund_id) == ("too small", "r-1")
    assert shop.ask(refund, "dp_1") is None
    assert shop.ask(refund, "ref_9") is None
