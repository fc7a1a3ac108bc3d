"""Payment properties: what is true whatever is asked of one, in whatever order."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.payment import Payment

NOW = datetime(2026, 11, 23, tzinfo=UTC)

ACTIONS = {
    "amend": lambda p, n, now: p.amend(now, amount=n),
    "attach": lambda p, n, now: p.attach(f"cus_{n}", now),
    "require": lambda p, _, now: p.require_action({}, now),
    "process": lambda p, _, now: p.start_processing(now),
    "collect": lambda p, _, now: p.collect(now),
    "collect some": lambda p, n, now: p.collect(now, amount=n),
    "collect late": lambda p, n, now: p.collect(now, provider_ref_id=f"mt_{n}", amount=n),
    "capture": lambda p, n, now: p.capture(n, now, final=n % 2 == 0),
    "capture all": lambda p, _, now: p.capture(None, now),
    "fail": lambda p, _, now: p.fail("payment_failed", "no", now),
    "retry": lambda p, _, now: p.retry(now),
    "cancel": lambda p, _, now: p.cancel(now),
    "refund": lambda p, n, now: p.refund(f"ref_{n}", n, now),
    "refund all": lambda p, n, now: p.refund(f"ref_{n}", None, now),
    "dispute": lambda p, n, now: p.open_a_dispute(f"dis_{n}", n, now),
    "win": lambda p, _, now: p.resolve_the_dispute("won", now),
    "lose": lambda p, _, now: p.resolve_the_dispute("lost", now),
}

requests = st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), st.integers(1, 500)), max_size=30)
capture_methods = st.sampled_from(["automatic", "manual"])


def a_life(capture_method, asked):
    payment = Payment.create(
        "pay_1", amount=1000, currency="GHS", capture_method=capture_method, now=NOW
    )
    for minutes, (action, number) in enumerate(asked):
        with suppress(Refusal):
            ACTIONS[action](payment, number, NOW + timedelta(minutes=minutes))
    return payment


@given(capture_methods, requests)
def test_no_more_is_refunded_or_lost_than_came_in(method, asked):
    payment = a_life(method, asked)

    lost = sum(dispute["amount"] for dispute in payment.disputes_lost)
    assert payment.captured_amount >= 0
    assert payment.refunded_amount + lost + payment.left == payment.captured_amount
    assert payment.refunded_amount <= payment.captured_amount
    assert lost <= payment.captured_amount
    if payment.status != "disputed":
        assert (payment.status == "refunded") == (payment.captured_amount > 0 >= payment.left)


@given(capture_methods, requests)
def test_each_fact_begins_where_the_one_before_it_ended(method, asked):
    facts = a_life(method, asked).collect_events()

    assert all(later.previous_status == earlier.status for earlier, later in pairwise(facts))
    assert [fact.originator_version for fact in facts] == list(range(1, len(facts) + 1))


@given(capture_methods, requests)
def test_replaying_the_facts_gives_the_same_payment(method, asked):
    payment = a_life(method, asked)

    replayed = None
    for fact in payment.collect_events():
        replayed = fact.mutate(replayed)

    assert replayed == payment
