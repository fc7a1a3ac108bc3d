"""Told of one: what queries about a customer, payment, refund, subscription or invoice say."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from oracle import Oracle
from sqlalchemy import Connection

from projections.customer_events import last_positions_of_customer
from projections.customer_history import customer_history
from projections.customer_profiles import profile
from projections.customers import customer_record, with_customer_names
from projections.facts_about import About, of_customer, of_itself, of_payment, of_refund
from projections.invoices import InvoiceFilter, invoice, invoice_list
from projections.payer_details import payer_of
from projections.payment_list import PaymentFilter, payment_list
from projections.payment_status_history import status_history
from projections.payments import payment
from projections.prefill import prefill
from projections.refunds_and_disputes import RefundFilter, refund, refund_list
from projections.source_breakdown import source_breakdown
from projections.subscriptions import SubscriptionFilter, subscription, subscription_list

_ALL = 100

T = TypeVar("T")
Told = Callable[[Connection], Any]


def told_of_some(
    oracle: Oracle, book: str, which: int, around: datetime
) -> Iterator[tuple[About, Told]]:
    """Of two of each kind by which facts they are told, and what is told."""
    for person in _two(list(oracle.people), which):
        told = partial(told_of_a_customer, book=book, customer_id=person, around=around)
        yield of_customer(person), told
    introduced = [each for each in oracle.payments if each.said]
    for paid in (*_two(oracle.payments, which), *introduced[:1]):
        yield of_payment(paid.id), partial(told_of_a_payment, book=book, payment_id=paid.id)
    refunds = [money.id for each in oracle.payments for money in each.refunds]
    for refund_id in _two(refunds, which):
        yield of_refund(refund_id), partial(told_of_a_refund, book=book, refund_id=refund_id)
    for member in _two(oracle.memberships, which):
        yield of_itself(member.id), partial(subscription, book=book, subscription_id=member.id)
    for bill in _two(oracle.bills, which):
        yield of_itself(bill.id), partial(invoice, book=book, invoice_id=bill.id)


def _two(every: Sequence[T], which: int) -> Sequence[T]:
    first = which % max(len(every) - 1, 1)
    return every[first : first + 2]


def told_of_a_payment(views: Connection, book: str, payment_id: str) -> list[Any]:
    found = payment(views, book, payment_id)
    refunds = refund_list(views, book, RefundFilter(payment_id=payment_id), limit=_ALL)
    return [
        found,
        customer_record(views, book, found.customer_id) if found and found.customer_id else None,
        payer_of(views, book, payment_id),
        status_history(views, book, payment_id, limit=_ALL),
        [*with_customer_names(views, book, refunds.rows)],
    ]


def told_of_a_refund(views: Connection, book: str, refund_id: str) -> list[Any]:
    found = refund(views, book, refund_id)
    return [*with_customer_names(views, book, [found] if found else [])]


def told_of_a_customer(
    views: Connection, book: str, customer_id: str, around: datetime
) -> list[Any]:
    paid = payment_list(views, book, PaymentFilter(customer_id=customer_id), limit=_ALL)
    subscribed = SubscriptionFilter(customer_id=customer_id)
    billed = InvoiceFilter(customer_id=customer_id)
    return [
        profile(views, book, customer_id),
        prefill(views, book, customer_id),
        *(
            source_breakdown(views, book, customer_id=customer_id, start=start, end=end)
            for start, end in ((None, None), (around, None), (None, around))
        ),
        paid,
        [payment(views, book, row.payment.payment_id) for row in paid.rows],
        [status_history(views, book, row.payment.payment_id, limit=_ALL) for row in paid.rows],
        customer_history(views, book, customer_id, limit=_ALL),
        subscription_list(views, book, subscribed, limit=_ALL),
        invoice_list(views, book, billed, limit=_ALL),
        last_positions_of_customer(views, book, customer_id, limit=_ALL),
    ]
