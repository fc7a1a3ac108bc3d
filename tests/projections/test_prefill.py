"""What a form is filled in with is what somebody stated."""

from projections.prefill import prefill


def test_the_country_somebody_paid_from_is_filled_in(shop):
    shop.register("cus_ama")
    shop.pay("cus_ama", currency="EUR", country="FR", method="card")

    found = shop.ask(prefill, "cus_ama")

    assert (found.method, found.country) == ("card", "FR")


def test_a_country_that_was_guessed_from_the_currency_is_not(shop):
    """Sent again it would count as stated, and a number would be read by it."""
    shop.register("cus_ama")
    shop.pay("cus_ama", currency="EUR", country="DE", method="card")
    of_many = shop.ask(prefill, "cus_ama")
    shop.later(hours=1)
    shop.pay("cus_ama", currency="GHS", country="GH", method="mobile_money")
    of_one = shop.ask(prefill, "cus_ama")

    assert (of_many.method, of_many.country) == ("card", None)
    assert (of_one.method, of_one.country) == ("mobile_money", "GH")
