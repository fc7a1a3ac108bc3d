"""Customer events: which facts are about whom, after and before a position."""

from domain.payment_link import PaymentLink, Terms
from projections.customer_events import positions_of_customer, previous_positions

ALL = ("customer.registered", "payment.created", "payment.succeeded", "payment.failed")
PAID = ("payment.succeeded",)
FOR_AMA = Terms(
    name="For Ama",
    description=None,
    reference=None,
    currency="GHS",
    amount=100,
    allow_custom_amount=False,
    min_amount=None,
    max_amount=None,
    active=True,
    expires_at=None,
    max_uses=None,
    custom_fields=[],
    redirect_url=None,
    webhook_url=None,
    branding={},
    metadata={},
    customer_id="cus_ama",
)


def test_facts_of_a_customer_are_found_in_their_order_and_nobody_elses(shop):
    shop.register("cus_ama")  # 1
    shop.pay("cus_ama")  # 2, 3
    shop.pay("cus_kofi")  # 4, 5
    shop.pay(None)  # 6, 7
    shop.decline("cus_ama")  # 8, 9

    def found(**asked):
        return shop.ask(positions_of_customer, "cus_ama", **{"topics": ALL, "limit": 9} | asked)

    assert found() == [1, 2, 3, 8, 9]
    assert found(after=2) == [3, 8, 9]
    assert found(limit=2) == [1, 2]
    assert found(topics=PAID) == [3]
    assert found(topics=()) == []


def test_what_is_attached_later_is_theirs_from_then_on(shop):
    payment = shop.pay(None)
    payment.attach("cus_ama", shop.now)
    shop.record(payment)

    found = shop.ask(
        positions_of_customer, "cus_ama", topics=("payment.customer_attached", *ALL), limit=9
    )

    assert found == [3]


def test_the_fact_before_is_that_of_the_same_customer_through_the_same_filter(shop):
    shop.pay("cus_ama")  # 1, 2
    shop.pay("cus_kofi")  # 3, 4
    shop.decline("cus_ama")  # 5, 6
    everybody = ("cus_ama", "cus_kofi", "cus_new")

    def before(position, topics=ALL):
        return shop.ask(previous_positions, everybody, topics=topics, before=position)

    assert before(7) == {"cus_ama": 6, "cus_kofi": 4}
    assert before(6) == {"cus_ama": 5, "cus_kofi": 4}
    assert before(5) == {"cus_ama": 2, "cus_kofi": 4}
    assert before(7, topics=PAID) == {"cus_ama": 2, "cus_kofi": 4}
    assert before(1) == {}
    assert shop.ask(previous_positions, (), topics=ALL, before=7) == {}


def test_a_link_is_about_whom_its_terms_name_as_long_as_they_do(shop):
    link = PaymentLink.create("pl_1", code="abc", terms=FOR_AMA, now=shop.now)
    shop.record(link)  # 1
    link.update({"name": "For Ama, too"}, shop.now)
    shop.record(link)  # 2
    link.update({"customer_id": "cus_kofi"}, shop.now)
    shop.record(link)  # 3

    def found(customer):
        return shop.ask(positions_of_customer, customer, topics=None, limit=9)

    assert found("cus_ama") == [1, 2]
    assert found("cus_kofi") == [3]
