from datetime import timedelta

from projections.customer_profiles import profile, profile_by_external_id
from projections.customers import customer_count, customer_record


def test_a_profile_tells_who_somebody_is(shop):
    shop.register(
        "cus_ama",
        external_id="usr_1",
        email="Ama@Example.com",
        phone="+233501234567",
        name="Ama Mensah",
        tags=["premium", "early-adopter"],
        metadata={"plan": "pro", "seats": 3},
    )

    ama = shop.ask(profile, "cus_ama")

    assert ama.record.external_id == "usr_1"
    assert ama.record.email == "Ama@Example.com"
    assert ama.record.phone == "+233501234567"
    assert ama.record.name == "Ama Mensah"
    assert ama.record.tags == ["premium", "early-adopter"]
    assert ama.record.metadata == {"plan": "pro", "seats": 3}
    assert ama.record.created_at == ama.record.updated_at == shop.now


def test_somebody_who_never_paid_has_nothing_but_zeros(shop):
    shop.register("cus_ama")

    ama = shop.ask(profile, "cus_ama")

    assert (ama.currency, ama.totals, ama.totals_by_currency) == (None, None, [])
    assert (ama.preferred_currency, ama.preferred_method, ama.acquisition) == (None, None, None)
    assert (ama.first_payment_at, ama.last_payment_at, ama.risk_score) == (None, None, 0)


def test_total_spent_is_what_succeeded_and_payments_are_counted_whatever_became_of_them(shop):
    shop.register("cus_ama")
    shop.pay("cus_ama", 5000)
    shop.pay("cus_ama", 10000)
    shop.create("cus_ama", 700)
    shop.decline("cus_ama", amount=4001)

    totals = shop.ask(profile, "cus_ama").totals

    assert totals.total_spent == 15000
    assert totals.payment_count == 4
    assert (totals.successful_payments, totals.failed_payments) == (2, 1)


def test_refunds_and_lost_disputes_lower_the_lifetime_value_and_not_the_total(shop):
    shop.register("cus_ama")
    payment = shop.pay("cus_ama", 10000)
    payment.refund("ref_1", 2500, shop.now)
    payment.refund("ref_2", 500, shop.now)
    payment.open_a_dispute("dp_1", 1000, shop.now)
    payment.resolve_the_dispute("won", shop.now)
    payment.open_a_dispute("dp_2", 3000, shop.now)
    payment.resolve_the_dispute("lost", shop.now)
    payment.open_a_dispute("dp_3", 100, shop.now)
    shop.record(payment)

    totals = shop.ask(profile, "cus_ama").totals

    assert totals.total_spent == 10000
    assert (totals.refund_count, totals.refund_amount, totals.disputed_amount) == (2, 3000, 3000)
    assert totals.lifetime_value == 4000
    assert totals.payment_count == totals.successful_payments == 1


def test_the_average_is_rounded_half_to_even(shop):
    shop.register("cus_ama")
    for amount in (100, 101, 100, 101):
        shop.pay("cus_ama", amount)
    assert shop.ask(profile, "cus_ama").totals.avg_payment_amount == 100

    for amount in (102, 101, 101, 102):
        shop.pay("cus_ama", amount)

    # 808 ÷ 8 = 101; three more make 1111 ÷ 11 = 101, and one of 108 makes 1219 ÷ 12 = 101.58.
    assert shop.ask(profile, "cus_ama").totals.avg_payment_amount == 101
    shop.register("cus_kofi")
    shop.pay("cus_kofi", 101)
    shop.pay("cus_kofi", 102)
    assert shop.ask(profile, "cus_kofi").totals.avg_payment_amount == 102


def test_a_failed_payment_that_is_tried_again_is_no_longer_failed(shop):
    shop.register("cus_ama")
    payment = shop.decline("cus_ama", amount=900)
    payment.retry(shop.now)
    shop.record(payment)
    assert shop.ask(profile, "cus_ama").totals.failed_payments == 0

    payment.collect(shop.now)
    shop.record(payment)

    totals = shop.ask(profile, "cus_ama").totals
    assert (totals.payment_count, totals.successful_payments, totals.failed_payments) == (1, 1, 0)


def test_the_preferred_currency_has_most_successful_payments_and_names_the_totals(shop):
    shop.register("cus_ama")
    shop.pay("cus_ama", 100, currency="GHS")
    shop.pay("cus_ama", 200, currency="GHS")
    shop.pay("cus_ama", 90000, currency="USD")
    for _ in range(5):
        shop.decline("cus_ama", currency="KES")

    ama = shop.ask(profile, "cus_ama")

    assert ama.currency == ama.preferred_currency == "GHS"
    assert (ama.totals.total_spent, ama.totals.payment_count) == (300, 2)
    assert [each.currency for each in ama.totals_by_currency] == ["GHS", "USD", "KES"]


def test_counts_are_of_all_currencies_and_amounts_of_one(shop):
    shop.register("cus_ama")
    cedis = shop.pay("cus_ama", 100, currency="GHS")
    dollars = shop.pay("cus_ama", 200, currency="USD")
    shop.pay("cus_ama", 100, currency="GHS")
    shop.decline("cus_ama", currency="KES")
    for payment in (cedis, dollars):
        payment.refund(f"ref_{payment.id}", 50, shop.now)
        shop.record(payment)

    ama = shop.ask(profile, "cus_ama")

    assert (ama.payment_count, ama.successful_payments, ama.failed_payments) == (4, 3, 1)
    assert (ama.total_refunds, ama.totals.refund_amount, ama.totals.total_spent) == (2, 50, 200)
    assert ama.totals.avg_payment_amount == 100


def test_of_two_currencies_as_frequent_the_latest_is_preferred(shop):
    shop.register("cus_ama")
    shop.pay("cus_ama", currency="USD", method="card", at=shop.now - timedelta(days=1))
    shop.pay("cus_ama", currency="GHS", method="mobile_money", at=shop.now - timedelta(days=2))

    ama = shop.ask(profile, "cus_ama")

    assert (ama.preferred_currency, ama.preferred_method) == ("USD", "card")


def test_before_any_success_nothing_is_preferred_and_the_zeros_are_in_the_currency_tried(shop):
    shop.register("cus_ama")
    shop.decline("cus_ama", currency="USD")
    shop.decline("cus_ama", currency="GHS")
    shop.later(minutes=1)
    shop.decline("cus_ama", currency="KES")
    shop.decline("cus_ama", currency="KES")

    ama = shop.ask(profile, "cus_ama")

    assert (ama.preferred_currency, ama.preferred_method) == (None, None)
    assert (ama.currency, ama.totals.total_spent, ama.totals.failed_payments) == ("KES", 0, 2)


def test_the_preferred_method_counts_over_all_providers(shop):
    shop.register("cus_ama")
    shop.pay("cus_ama", method="mobile_money", provider="hubtel")
    shop.pay("cus_ama", method="mobile_money", provider="mtn")
    shop.pay("cus_ama", method="mobile_money")
    shop.pay("cus_ama", method="card", provider="paystack")
    shop.pay("cus_ama", method="card", provider="paystack")

    assert shop.ask(profile, "cus_ama").preferred_method == "mobile_money"


def test_an_import_of_older_payments_still_finds_the_true_first_one(shop):
    shop.register("cus_ama")
    shop.pay("cus_ama", source="api")
    long_ago = shop.now - timedelta(days=400)
    imported = shop.pay(
        "cus_ama",
        currency="USD",
        at=long_ago,
        source="payment_link",
        source_id="pl_summer",
        source_description="Summer Sale",
    )
    shop.pay("cus_ama", at=shop.now - timedelta(days=10))

    ama = shop.ask(profile, "cus_ama")

    assert (ama.first_payment_at, ama.last_payment_at) == (long_ago, shop.now)
    assert ama.acquisition.payment_id == imported.id
    assert ama.acquisition.source_description == "Summer Sale"
    assert ama.acquisition.converted_at == long_ago


def test_a_payment_that_never_succeeded_converts_nobody(shop):
    shop.register("cus_ama")
    shop.decline("cus_ama", source="payment_link", source_id="pl_1")
    shop.later(minutes=5)
    paid = shop.pay("cus_ama")

    assert shop.ask(profile, "cus_ama").acquisition.payment_id == paid.id


def test_a_payment_attached_later_brings_all_that_had_happened(shop):
    shop.register("cus_ama")
    paid_at = shop.now - timedelta(days=3)
    payment = shop.pay(None, 8000, at=paid_at, method="bank_transfer")
    payment.refund("ref_1", 1000, shop.now)
    payment.open_a_dispute("dp_1", 500, shop.now)
    payment.resolve_the_dispute("lost", shop.now)
    shop.record(payment)
    failed = shop.decline(None, amount=100)
    assert shop.ask(profile, "cus_ama").totals is None

    payment.attach("cus_ama", shop.later(hours=1))
    failed.attach("cus_ama", shop.now)
    shop.record(payment)
    shop.record(failed)

    ama = shop.ask(profile, "cus_ama")
    assert (ama.totals.payment_count, ama.totals.successful_payments) == (2, 1)
    assert (ama.totals.total_spent, ama.totals.failed_payments) == (8000, 1)
    assert ama.totals.lifetime_value == 6500
    assert ama.first_payment_at == ama.last_payment_at == paid_at
    assert ama.preferred_method == "bank_transfer"
    assert ama.acquisition.payment_id == payment.id

    payment.refund("ref_2", 500, shop.now)
    shop.record(payment)

    assert shop.ask(profile, "cus_ama").totals.lifetime_value == 6000


def test_a_part_taken_of_what_was_set_aside_counts_once_the_capture_is_final(shop):
    shop.register("cus_ama")
    payment = shop.create("cus_ama", 1000, capture_method="manual")
    payment.collect(shop.now)
    payment.capture(300, shop.now)
    shop.record(payment)
    assert shop.ask(profile, "cus_ama").totals.total_spent == 0

    payment.capture(200, shop.now, final=True)
    shop.record(payment)

    totals = shop.ask(profile, "cus_ama").totals
    assert (totals.total_spent, totals.successful_payments) == (500, 1)


def test_the_risk_score_is_how_many_of_a_hundred_payments_went_wrong(shop):
    shop.register("cus_ama")
    shop.decline("cus_ama")
    shop.pay("cus_ama")
    payment = shop.pay("cus_ama")
    payment.refund("ref_1", None, shop.now)
    shop.record(payment)

    assert shop.ask(profile, "cus_ama").risk_score == 66.6


def test_the_profile_is_the_last_one_told_and_a_field_can_be_emptied(shop):
    ama = shop.register("cus_ama", external_id="usr_1", email="ama@example.com", tags=["vip"])
    shop.later(minutes=1)
    ama.update({"email": None, "external_id": "usr_2", "name": "Ama"}, shop.now)
    shop.record(ama)

    found = shop.ask(profile, "cus_ama").record

    assert (found.external_id, found.email, found.name) == ("usr_2", None, "Ama")
    assert (found.tags, found.updated_at) == (["vip"], shop.now)
    assert shop.ask(profile_by_external_id, "usr_1") is None
    assert shop.ask(profile_by_external_id, "usr_2").customer_id == "cus_ama"


def test_a_deleted_customer_has_no_profile_and_its_external_id_is_free(shop):
    ama = shop.register("cus_ama", external_id="usr_1")
    ama.delete(shop.now)
    shop.record(ama)

    assert shop.ask(profile, "cus_ama") is None
    assert shop.ask(customer_record, "cus_ama") is None
    assert shop.ask(profile_by_external_id, "usr_1") is None
    assert shop.ask(customer_count) == 0

    shop.register("cus_kofi", external_id="usr_1")

    assert shop.ask(profile_by_external_id, "usr_1").customer_id == "cus_kofi"


def test_nobody_is_found_where_nobody_is(shop):
    assert shop.ask(profile, "cus_ama") is None
    assert shop.ask(profile_by_external_id, "usr_1") is None
    assert shop.ask(customer_count) == 0
