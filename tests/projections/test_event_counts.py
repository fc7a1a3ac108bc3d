"""Event counts: how many facts of some topics there were since a day."""

from projections.event_counts import TopicCount, counts_by_topic

CREATED, PAID = "payment.created", "payment.succeeded"


def test_facts_are_counted_by_the_day_they_were_recorded(shop):
    monday = shop.now
    shop.pay(None)  # 1, 2
    tuesday = shop.later(days=1)
    shop.pay(None, at=monday)  # 3, 4, of the day before, as it was learned
    shop.create(None)  # 5

    def since(moment, *topics):
        return shop.ask(counts_by_topic, moment.date(), topics=topics)

    assert since(monday, CREATED, PAID) == [
        TopicCount(CREATED, 3, 5, 5),
        TopicCount(PAID, 2, 4, 4),
    ]
    assert since(tuesday, PAID) == [TopicCount(PAID, 1, 4, 4)]
    assert since(shop.later(days=1), PAID) == [TopicCount(PAID, 0, 4, 4)]
    assert since(monday, "payment.failed") == []
    assert since(monday) == []


def test_what_was_history_when_it_was_recorded_is_told_apart(shop):
    monday = shop.now
    shop.pay(None)  # 1, 2
    tuesday = shop.later(days=1, seconds=1)
    shop.pay(None, at=monday)  # 3, 4

    def counted(since):
        return shop.ask(counts_by_topic, since.date(), topics=[PAID])

    assert counted(monday) == [TopicCount(PAID, 1, 2, 4)]
    assert counted(tuesday) == [TopicCount(PAID, 0, 2, 4)]
