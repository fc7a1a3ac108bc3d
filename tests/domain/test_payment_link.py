"""Payment links: what may be offered through one, and who may still pay."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.payment_link import (
    AmountMissing,
    AmountOutOfBounds,
    ContradictoryTerms,
    CurrencyInUse,
    ExpiredFromTheStart,
    FixedAmount,
    LinkExhausted,
    LinkExpired,
    LinkInactive,
    PaymentLink,
    PaymentLinkNotFound,
    Terms,
    viewed,
)
from ledger.append import StoredFact
from ledger.clock import written
from ledger.facts import FactMapper

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def terms(**said):
    usual = Terms(
        name="Summer Sale - Premium Plan",
        description=None,
        reference=None,
        currency="GHS",
        amount=9900,
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
        customer_id=None,
    )
    return Terms(**(usual | said))


@pytest.fixture
def link():
    def link(**said):
        return PaymentLink.create("pl_1", code="lnk_1", terms=terms(**said), now=NOW)

    return link


def test_a_fixed_amount_is_the_price_whoever_asks(link):
    fixed = link(amount=9900)

    assert fixed.price(None) == fixed.price(9900) == 9900
    with pytest.raises(FixedAmount, match=r"asks for 99\.00 GHS"):
        fixed.price(9800)


def test_a_payer_who_may_choose_chooses_within_the_bounds(link):
    open_ended = link(amount=None, allow_custom_amount=True, min_amount=500, max_amount=1000)

    assert open_ended.price(500) == 500
    assert open_ended.price(1000) == 1000
    with pytest.raises(AmountOutOfBounds, match=r"at least 5\.00 GHS"):
        open_ended.price(499)
    with pytest.raises(AmountOutOfBounds, match=r"at most 10\.00 GHS"):
        open_ended.price(1001)
    with pytest.raises(AmountMissing):
        open_ended.price(None)


def test_an_amount_beside_a_choice_is_a_suggestion(link):
    suggested = link(amount=700, allow_custom_amount=True)

    assert suggested.price(None) == 700
    assert suggested.price(1) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"amount": None},
        {"min_amount": 100},
        {"allow_custom_amount": True, "amount": None, "min_amount": 2, "max_amount": 1},
        {"allow_custom_amount": True, "amount": 5, "min_amount": 6},
        {"allow_custom_amount": True, "amount": 5, "max_amount": 4},
    ],
)
def test_terms_that_contradict_each_other_are_refused(link, said):
    with pytest.raises(ContradictoryTerms):
        link(**said)


def test_a_link_that_has_expired_when_it_is_made_is_refused(link):
    for over in ("2026-11-23T00:00:00.000000Z", "2020-01-01T00:00:00.000000Z"):
        with pytest.raises(ExpiredFromTheStart, match=r"expires at .*Z has expired .* is .*Z$"):
            link(expires_at=over)


def test_a_link_cannot_be_said_to_have_expired_before(link):
    timed = link(expires_at="2026-11-23T01:00:00.000000Z")

    with pytest.raises(ExpiredFromTheStart):
        timed.update({"expires_at": "2026-11-23T00:30:00.000000Z"}, LATER)
    assert timed.terms["expires_at"] == "2026-11-23T01:00:00.000000Z"


def test_a_link_that_has_expired_may_still_be_renamed_and_opened_again(link):
    timed = link(expires_at="2026-11-23T01:00:00.000000Z")

    timed.update({"name": "Over", "expires_at": "2026-11-23T01:00:00.000000Z"}, LATER)
    timed.update({"expires_at": "2026-11-23T02:00:00.000000Z"}, LATER)

    assert (timed.name, timed.status(LATER)) == ("Over", "active")


def test_terms_of_before_there_were_countries_are_of_none(link):
    assert link().country is None
    assert link(country="BJ").country == "BJ"


def test_a_link_ends_when_it_is_switched_off_runs_out_of_time_or_is_used_up(link):
    assert link().status(NOW) == "active"
    with pytest.raises(LinkInactive):
        link(active=False).must_be_open(NOW)

    timed = link(expires_at="2026-11-23T01:00:00.000000Z")
    timed.must_be_open(LATER - timedelta(microseconds=1))
    with pytest.raises(LinkExpired):
        timed.must_be_open(LATER)

    once = link(max_uses=1)
    once.must_be_open(NOW)
    once.count_use("pay_1", NOW)
    assert once.status(NOW) == "exhausted"
    with pytest.raises(LinkExhausted):
        once.must_be_open(NOW)


def test_a_look_of_before_they_were_summed_up_is_one():
    data = '{"occurred_at":"2026-11-23T00:00:00.000000Z","link_id":"pl_1"}'
    old = StoredFact("b", 1, "pl_1.views", 1, "payment_link.viewed", data, "{}", written(NOW), b"")

    assert FactMapper().decode(old) == viewed("pl_1", 1, NOW)


def test_what_has_happened_is_counted_even_when_it_is_one_too_many(link):
    once = link(max_uses=1)
    once.count_use("pay_1", NOW)

    once.count_use("pay_2", LATER)

    assert once.uses == 2
    assert once.pending_events[-1].uses == 2


def test_more_uses_or_more_time_open_a_link_again(link):
    once = link(max_uses=1)
    once.count_use("pay_1", NOW)

    once.update({"max_uses": 2}, LATER)

    assert once.status(LATER) == "active"


def test_an_update_that_changes_nothing_records_nothing(link):
    named = link()
    named.collect_events()

    named.update({"name": "Summer Sale - Premium Plan"}, LATER)

    assert not named.pending_events


def test_the_currency_stays_once_it_has_been_paid_in(link):
    paid = link()
    paid.update({"currency": "NGN"}, NOW)
    paid.count_use("pay_1", NOW)

    with pytest.raises(CurrencyInUse):
        paid.update({"currency": "GHS"}, LATER)
    assert paid.terms["currency"] == "NGN"


def test_a_link_that_was_taken_down_is_not_there(link):
    gone = link()
    gone.delete(NOW)

    for attempt in (
        lambda: gone.must_be_open(LATER),
        lambda: gone.update({"name": "x"}, LATER),
        lambda: gone.delete(LATER),
    ):
        with pytest.raises(PaymentLinkNotFound):
            attempt()
