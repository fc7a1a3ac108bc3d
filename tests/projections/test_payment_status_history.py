from projections.payment_status_history import status_history


def told(page):
    return [(each.from_status, each.to_status, each.changed_by, each.reason) for each in page.rows]


def test_every_change_of_status_is_told_newest_first(shop):
    payment = shop.create(None, 1000)
    payment.fail("card_declined", "the bank declined the card", shop.later(minutes=1))
    payment.retry(shop.later(minutes=1))
    payment.collect(shop.later(minutes=1))
    payment.refund("ref_1", 100, shop.later(minutes=1), reason="too small")
    payment.refund("ref_2", 100, shop.later(minutes=1))
    payment.attach("cus_ama", shop.later(minutes=1))
    shop.record(payment)

    page = shop.ask(status_history, payment.id, limit=50)

    assert told(page) == [
        ("succeeded", "partially_refunded", "api", "too small"),
        ("pending", "succeeded", "provider", None),
        ("failed", "pending", "api", None),
        ("pending", "failed", "provider", "the bank declined the card"),
        (None, "pending", "api", None),
    ]
    assert page.total == 5


def test_rows_are_numbered_within_their_payment_and_come_in_pages(shop):
    payment = shop.create(None)
    shop.create(None)
    payment.expire(shop.now)
    shop.record(payment)

    page = shop.ask(status_history, payment.id, limit=1)

    assert [each.change_id for each in page.rows] == [2]
    assert page.rows[0].changed_by == "system"
    rest = shop.ask(status_history, payment.id, limit=1, cursor=page.next_cursor)
    assert [each.change_id for each in rest.rows] == [1]
    assert shop.ask(status_history, "pay_nobody", limit=1).total == 0
