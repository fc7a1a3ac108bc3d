"""Event counts: how many facts of some topics there were since a day."""

from projections.event_counts import EventCount, events_since

CREATED, PAID = "payment.created", "payment.succeeded"


def test_facts_are_counted_by_the_day_they_were_recorded(shop):
    monday = shop.now
    shop.pay(None)  # 1, 2
    tuesday = shop.later(days=1)
    shop.pay(None, at=monday)  # 3, 4, of the day before, as it was learned
    shop.create(None)  # 5

    def since(moment, *topics):
        return shop.ask(events_since, moment.date(), topics=topics)

    assert since(monday, CREATED, PAID) == EventCount(5, 5)
    assert since(monday, PAID) == EventCount(2, 4)
    assert since(tuesday, PAID) == EventCount(1, 4)
    assert since(shop.later(days=1), PAID) == EventCount(0, None)
    assert since(monday) == EventCount(0, None)
