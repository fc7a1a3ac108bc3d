"""Comparison of views and oracle: every question of the definitions, asked of both."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from oracle import SOURCES, Offer, Oracle, Person
from simulated_shop import CURRENCIES, SimulatedShop
from sqlalchemy import Connection

from ledger.ledger import Ledger
from projections.book_totals import CurrencyTotals, most_used_currency, totals_by_currency
from projections.customer_history import EntryType, customer_history
from projections.customer_profiles import profile
from projections.disputes import DisputeFilter, dispute_export
from projections.engine.generations.generation import Generation
from projections.explanations import OF_CUSTOMER, OF_SOURCE, Concern, Terms, explain, step
from projections.invoices import InvoiceFilter, InvoiceRecord, invoice_list
from projections.new_and_returning import new_and_returning
from projections.payment_link_stats import payment_link_stats
from projections.payment_list import PaymentFilter, payment_export, payment_history
from projections.payment_movements import Moved
from projections.refunds_and_disputes import RefundFilter, refund_export
from projections.revenue import revenue_series
from projections.source_breakdown import ranked_sources, source_breakdown
from projections.subscriptions import SubscriptionFilter, subscription_list
from projections.top_customers import top_customers

# The cards give disputes no names, and subscriptions are compared by themselves.
TOLD_BY_THE_CARDS: tuple[EntryType, ...] = ("payment", "refund", "invoice")
# A zone with summer time, and one that is a quarter of an hour off; each moment has one of all too.
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu")
ALL_ZONES = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
FIGURES = (
    "total_spent",
    "refund_amount",
    "disputed_amount",
    "payment_count",
    "successful_payments",
    "failed_payments",
    "first_payment_at",
    "last_payment_at",
)


def assert_every_figure_agrees(generation: Generation, shop: SimulatedShop) -> None:
    with generation.reading() as views:
        assert_these_agree(views, shop.book, shop.oracle, shop.clock.now)


def assert_these_agree(views: Connection, book: str, oracle: Oracle, now: datetime) -> None:
    for person in oracle.people.values():
        _profile(views, book, oracle, person)
        _history(views, book, oracle, person)
        _memberships(views, book, oracle, person)
        _timeline(views, book, oracle, person)
    for currency in CURRENCIES:
        _ranking(views, book, oracle, currency, now)
        _sources(views, book, oracle, currency, now)
        _revenue(views, book, oracle, currency, now)
        _new_and_returning(views, book, oracle, currency, now)
        _by_success(views, book, oracle, currency, now)
        _by_payer(views, book, oracle, currency, now)
    for offer in oracle.offers:
        _link(views, book, oracle, offer, now)
    for told in totals_by_currency(views, book):
        _totals(told, oracle, None)
    if any(payment.paid_at for payment in oracle.payments):
        assert most_used_currency(views, book) == oracle.preferred(None, "currency")


def assert_every_figure_is_explained(
    views: Connection, ledger: Ledger, book: str, oracle: Oracle, as_of: datetime | None = None
) -> None:
    """What the facts of a figure add up to is what the oracle says, whatever a page holds."""

    def explained(concern: Concern, terms: Terms) -> int:
        cursor = None
        while True:
            page = explain(
                ledger,
                book,
                concern,
                terms,
                step(views, book, concern, terms, limit=3, cursor=cursor),
                upto=ledger.head(book),
                as_of=as_of,
                limit=3,
            )
            if (cursor := page.next_cursor) is None:
                return page.sum

    for concern, terms, value in _figures(oracle):
        assert explained(concern, terms) == value


def _figures(oracle: Oracle) -> Iterator[tuple[Concern, Terms, object]]:
    """What may be explained of everybody and every source, with what it comes to."""
    for person in oracle.people.values():
        for figure, count in oracle.counts(person.id).items():
            yield Concern(None, customer_id=person.id), OF_CUSTOMER[figure], count
        for currency in sorted(oracle.currencies(person.id)):
            totals = oracle.totals(person.id, currency)
            for figure, terms in OF_CUSTOMER.items():
                yield Concern(currency, customer_id=person.id), terms, totals[figure]
    for currency in sorted(oracle.currencies()):
        for source, (count, amount, refunded, *_) in oracle.by_source(currency).items():
            values = {"succeeded": count, "amount": amount, "refunded_amount": refunded}
            for figure, value in values.items():
                yield Concern(currency, source=source), OF_SOURCE[figure], value


def _profile(views: Connection, book: str, oracle: Oracle, person: Person) -> None:
    told = profile(views, book, person.id)
    if person.deleted:
        assert told is None
        return
    assert told is not None
    assert told.record.name == person.name
    assert told.preferred_currency == oracle.preferred(person.id, "currency")
    assert told.preferred_method == oracle.preferred(person.id, "method")
    assert {totals.currency for totals in told.totals_by_currency} == oracle.currencies(person.id)
    for totals in told.totals_by_currency:
        _totals(totals, oracle, person.id)
    counts = oracle.counts(person.id)
    assert {figure: getattr(told, figure) for figure in counts} == counts
    first = oracle.acquisition(person.id)
    assert (told.acquisition and told.acquisition.payment_id) == (first and first.id)
    if first and told.acquisition:
        assert told.acquisition.source_id == first.source_id
        assert told.acquisition.converted_at == first.paid_at


def _totals(told: CurrencyTotals, oracle: Oracle, customer: str | None) -> None:
    expected = oracle.totals(customer, told.currency)
    assert {name: getattr(told, name) for name in FIGURES} == {
        name: expected[name] for name in FIGURES
    }
    assert told.total_refunds == expected["total_refunds"]
    assert told.lifetime_value == expected["lifetime_value"]
    assert told.avg_payment_amount == expected["avg_payment_amount"]


def _history(views: Connection, book: str, oracle: Oracle, person: Person) -> None:
    page = payment_history(views, book, person.id, limit=1000)
    mine = [payment for payment in oracle.payments_of(person.id) if payment.is_created]
    mine.sort(key=lambda p: (p.created_at, p.id), reverse=True)

    assert [
        (row.payment.payment_id, row.payment.status, row.payment.source_description)
        for row in page.rows
    ] == [(payment.id, payment.status, payment.source_description) for payment in mine]
    assert page.total == len(mine)


def _memberships(views: Connection, book: str, oracle: Oracle, person: Person) -> None:
    mine = [member for member in oracle.memberships if member.customer == person.id]
    if not person.deleted:
        known = profile(views, book, person.id)
        assert known is not None
        assert known.subscriptions.status == oracle.subscription_status(person.id)
        for status, number in oracle.subscribed(person.id).items():
            assert getattr(known.subscriptions, status) == number
    told = subscription_list(views, book, SubscriptionFilter(customer_id=person.id), limit=1000)
    assert {
        row.subscription_id: (
            *(row.status, row.plan["amount"], row.period, row.next_renewal_at, row.ends_at),
        )
        for row in told.rows
    } == {
        member.id: (
            member.status,
            member.amount,
            len(member.bills),
            member.renews_at,
            member.ends_at,
        )
        for member in mine
    }
    for member in mine:
        listed = invoice_list(views, book, InvoiceFilter(subscription_id=member.id), limit=1000)
        assert [_bill(row) for row in sorted(listed.rows, key=lambda row: row.period)] == [
            (
                billed.id,
                billed.number,
                "due" if billed.status == "pending" else billed.status,
                *(billed.payment.id, billed.payment.amount, billed.payment.paid_at),
                *(billed.period, billed.start, billed.end, billed.retries, billed.retry_at),
            )
            for billed in member.bills
        ]


def _bill(row: InvoiceRecord) -> tuple[Any, ...]:
    return (
        *(row.invoice_id, row.number, row.status, row.payment_id, row.amount, row.paid_at),
        *(row.period, row.period_start, row.period_end, row.retry_count, row.next_retry_at),
    )


def _timeline(views: Connection, book: str, oracle: Oracle, person: Person) -> None:
    """Everything of the customer once, newest first; whose refunds and invoices come along."""
    told = customer_history(views, book, person.id, types=TOLD_BY_THE_CARDS, limit=10_000)
    assert told.total == len(told.rows)
    assert [row.occurred_at for row in told.rows] == sorted(
        (row.occurred_at for row in told.rows), reverse=True
    )
    mine = oracle.payments_of(person.id)
    expected = [
        ("payment", p.id, p.collected if p.paid_at else p.amount, p.currency, p.created_at)
        for p in mine
        if p.is_created
    ]
    expected += [("refund", "", m.amount, p.currency, m.at) for p in mine for m in p.refunds]
    expected += [
        ("invoice", billed.id, billed.payment.amount, member.currency, billed.payment.created_at)
        for member in oracle.memberships
        if member.customer == person.id
        for billed in member.bills
    ]
    assert sorted(expected) == sorted(
        (
            row.type,
            "" if row.type == "refund" else row.id,
            row.amount,
            row.currency,
            row.occurred_at,
        )
        for row in told.rows
    )


def _ranking(views: Connection, book: str, oracle: Oracle, currency: str, now: datetime) -> None:
    for start in (None, now - timedelta(days=90)):
        ranking = top_customers(views, book, currency=currency, start=start, limit=100)
        assert [
            (row.profile.customer_id, row.total_spent, row.successful_payments)
            for row in ranking.page.rows
        ] == oracle.ranking(currency, start)


def _sources(views: Connection, book: str, oracle: Oracle, currency: str, now: datetime) -> None:
    customers = [
        person.id
        for number, person in enumerate(oracle.people.values())
        # Where somebody never paid there is nothing: to ask that once of each is enough.
        if currency in oracle.currencies(person.id)
        or currency == CURRENCIES[number % len(CURRENCIES)]
    ]
    spans = (None, now - timedelta(days=200))
    for number, customer in enumerate((None, *customers)):
        # Of all together both, of each customer one or the other.
        for start in spans if customer is None else (spans[number % 2],):
            told = source_breakdown(
                views, book, customer_id=customer, currency=currency, start=start
            )
            expected = oracle.by_source(currency, customer, start)
            assert {
                row.source: (row.succeeded, row.amount, row.refunded_amount)
                for row in told.by_source
            } == {source: figures[:3] for source, figures in expected.items()}
            for row in told.by_source:
                *_, count_share, amount_share = expected[row.source]
                assert _about(row.count_share, count_share)
                assert _about(row.amount_share, amount_share)
    ranked = ranked_sources(views, book, currency=currency, limit=100)
    assert {
        (row.source, row.source_id): {
            "count": row.succeeded,
            "amount": row.amount,
            "refunded": row.refunded_amount,
        }
        for row in ranked.page.rows
        if row.succeeded
    } == oracle.by_source_id(currency)


def _link(views: Connection, book: str, oracle: Oracle, offer: Offer, now: datetime) -> None:
    told = payment_link_stats(views, book, offer.id)
    if offer.deleted:
        assert told is None
        return
    assert told is not None
    assert (told.link.terms["name"], told.link.uses) == (offer.name, oracle.uses(offer))
    assert told.link.status(now) == oracle.status(offer)
    for name, expected in oracle.link_stats(offer).items():
        assert _about(getattr(told, name), Fraction(expected)), name
    credited = told.converted
    assert (credited.customers, credited.revenue, credited.later_revenue) == oracle.converted(offer)


def _revenue(views: Connection, book: str, oracle: Oracle, currency: str, now: datetime) -> None:
    days = 40
    for zone in (*ZONES, _zone_at(now)):
        start, end = oracle.days(now, zone, days)
        told = revenue_series(
            views,
            book,
            start=start,
            end=end,
            zone=ZoneInfo(zone),
            currency=currency,
            by_source=True,
        )
        if told.currency is None:
            continue
        assert [_moved(bucket.totals) for bucket in told.buckets] == oracle.revenue_by_day(
            currency, zone, start, days
        )
        for source in SOURCES:
            assert [
                _moved((bucket.by_source or {})[source]) for bucket in told.buckets
            ] == oracle.revenue_by_day(currency, zone, start, days, source)


def _new_and_returning(
    views: Connection, book: str, oracle: Oracle, currency: str, now: datetime
) -> None:
    zone = _zone_at(now)
    start, end = oracle.days(now, zone, 40)
    told = new_and_returning(
        views,
        book,
        start=start,
        end=end,
        granularity="week",
        zone=ZoneInfo(zone),
        currency=currency,
    )
    for each in told.buckets:
        assert {
            "new": (each.new_customers, each.new_amount),
            "returning": (each.returning_payments, each.returning_amount),
            "guest": (each.guest_payments, each.guest_amount),
        } == oracle.new_and_returning(currency, each.start, each.end)


def _moved(moved: Moved) -> dict[str, int]:
    return {
        "succeeded": moved.succeeded,
        "amount": moved.amount,
        "refunded": moved.refunded_amount,
        "disputed": moved.disputed_amount,
    }


def _by_success(views: Connection, book: str, oracle: Oracle, currency: str, now: datetime) -> None:
    """What the lists of some days hold adds up to their revenue."""
    days, zone = 7, _zone_at(now)
    start, end = oracle.days(now, zone, days)
    by_success = PaymentFilter(currency=currency, succeeded_from=start, succeeded_to=end)
    paid = [row.payment for row in payment_export(views, book, by_success)]
    refunds = refund_export(views, book, RefundFilter(currency=currency, start=start, end=end))
    disputes = dispute_export(views, book, DisputeFilter(currency=currency, start=start, end=end))
    buckets = oracle.revenue_by_day(currency, zone, start, days)

    assert [payment.succeeded_at for payment in paid] == sorted(
        (payment.succeeded_at for payment in paid if payment.succeeded_at), reverse=True
    )
    assert {
        "succeeded": len(paid),
        "amount": sum(payment.captured_amount for payment in paid),
        "refunded": sum(refund.amount for refund in refunds),
        "disputed": sum(dispute.disputed_amount for dispute in disputes),
    } == {name: sum(bucket[name] for bucket in buckets) for name in buckets[0]}


def _by_payer(views: Connection, book: str, oracle: Oracle, currency: str, now: datetime) -> None:
    """What the lists by payer hold adds up to what was new and returning in these days."""
    start, end = oracle.days(now, _zone_at(now), 7)
    succeeded = PaymentFilter(currency=currency, succeeded_from=start, succeeded_to=end)

    for payer, told in oracle.new_and_returning(currency, start, end).items():
        listed = payment_export(views, book, replace(succeeded, payer=payer))
        amounts = [each.payment.captured_amount for each in listed]
        assert (len(amounts), sum(amounts)) == told


def _zone_at(now: datetime) -> str:
    return ALL_ZONES[int(now.timestamp()) % len(ALL_ZONES)]


def _about(told: float, exact: Fraction) -> bool:
    return abs(told - float(exact)) < 1e-12
