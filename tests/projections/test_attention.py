from datetime import timedelta

import pytest

from domain.invoice import Invoice
from domain.retry_policy import DEFAULT_POLICY
from projections.attention import Waiting, what_waits
from projections.engine.querying import candidates


def waits(shop):
    return shop.ask(what_waits, now=shop.now)


def dispute(shop):
    payment = shop.pay(None, 1000)
    payment.open_a_dispute(f"dp_{payment.id}", 1000, shop.now)
    return shop.record(payment)


def test_where_nothing_waits_every_kind_is_told(shop):
    shop.pay(None)

    assert waits(shop) == dict.fromkeys(
        ["parked_book", "open_disputes", "failed_invoices", "overdue_invoices"], Waiting(0)
    )


def test_a_dispute_waits_until_it_is_decided(shop):
    since = shop.now
    first = dispute(shop)
    shop.later(days=2)
    dispute(shop)

    assert waits(shop)["open_disputes"] == Waiting(2, since)

    first.resolve_the_dispute("won", shop.now)
    shop.record(first)
    assert waits(shop)["open_disputes"] == Waiting(1, shop.now)


def test_an_invoice_waits_when_its_payment_failed_and_when_nobody_paid_for_a_day(shop):
    since = shop.now
    invoice(shop, "inv_1")
    failed = invoice(shop, "inv_2")
    failed.fail("card_declined", shop.now)
    shop.record(failed)

    assert waits(shop)["failed_invoices"] == Waiting(1, since)
    assert waits(shop)["overdue_invoices"] == Waiting(0)

    shop.later(days=1, seconds=1)
    assert waits(shop)["overdue_invoices"] == Waiting(1, since)


def test_what_many_wait_for_is_counted_up_to_a_bound(shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(candidates, "FEW", 2)
    since = shop.now
    for _ in range(3):
        dispute(shop)

    assert waits(shop)["open_disputes"] == Waiting(2, since, is_exact=False)


def invoice(shop, invoice_id):
    billed = Invoice.issue(
        invoice_id,
        subscription_id="sub_1",
        customer_id="cus_1",
        payment_id="pay_1",
        amount=4000,
        currency="GHS",
        plan_id="gold",
        period=1,
        period_start=shop.now,
        period_end=shop.now + timedelta(days=30),
        retry_policy=DEFAULT_POLICY,
        now=shop.now,
    )
    return shop.record(billed)
