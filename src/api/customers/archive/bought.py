"""What a customer bought: payments and what became of them, plans, bills, links made for them."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from api.customers.archive.payers import OwnDetails
from api.customers.archive.source import (
    ORIGIN,
    Source,
    columns_of,
    origin_of,
    with_amounts_written,
)
from api.customers.archive.zipped import Part
from api.resources.disputes import Dispute, dispute_of
from api.resources.export_files import batched
from api.resources.invoices import Invoice, invoice_of
from api.resources.payments import PaymentSummary, listed_payment_of
from api.resources.refunds import Refund, refund_of
from api.resources.shapes import Shape
from api.resources.subscriptions import Subscription, subscription_of
from domain.payer_details import ALL
from projections.customer_events import LINK_TOPICS
from projections.disputes import DisputeFilter, dispute_export
from projections.invoices import InvoiceFilter, invoice_export
from projections.payer_details import payers_of
from projections.payment_list import PaymentFilter, payment_export
from projections.refunds_and_disputes import RefundFilter, refund_export
from projections.subscriptions import SubscriptionFilter, subscription_export

# The same in every row, said elsewhere, or what no payment has here.
_LEFT_OUT: Final = {"org_id", "customer_id", "customer_name", "connection_id"} | {
    "fee_amount",
    "fee_currency",
}
_TERMS: Final = (
    *("name", "description", "reference", "amount", "min_amount", "max_amount", "currency"),
    *("active", "expires_at", "max_uses", "custom_fields", "metadata"),
)


def bought_parts(source: Source, own: OwnDetails) -> list[Part]:
    customer, views, book = source.customer_id, source.views, source.book
    org_id = source.book_of.org_id
    refunds = refund_export(views, book, RefundFilter(customer_id=customer))
    disputes = dispute_export(views, book, DisputeFilter(customer_id=customer))
    subscriptions = subscription_export(views, book, SubscriptionFilter(customer_id=customer))
    invoices = invoice_export(views, book, InvoiceFilter(customer_id=customer))
    return [
        Part(
            "payments",
            "every payment as it stands, newest first; metadata holds what was answered on a page, "
            "and payer_… what was typed there about who pays, as far as it is known to be yours",
            [
                *columns_of(_fields(PaymentSummary)),
                *(f"payer_{name}" for name in (*ALL, "network")),
            ],
            _payments(source, own),
        ),
        _part(
            "refunds",
            "money that was given back",
            Refund,
            (refund_of(each, None) for each in refunds),
        ),
        _part(
            "disputes",
            "payments that were disputed with a bank or a provider",
            Dispute,
            (dispute_of(each, None) for each in disputes),
        ),
        _part(
            "subscriptions",
            "plans that you pay period after period",
            Subscription,
            (subscription_of(each, org_id) for each in subscriptions),
        ),
        _part(
            "invoices",
            "what was billed for these plans",
            Invoice,
            (invoice_of(each, org_id) for each in invoices),
        ),
        Part(
            "links",
            "payment links that were made for you, each time their terms were set while they were",
            ["link_id", *columns_of(_TERMS), "at", *ORIGIN],
            _links(source),
        ),
    ]


def _part(name: str, about: str, shape: type[Shape], rows: Iterator[dict[str, Any]]) -> Part:
    fields = _fields(shape)
    told = (with_amounts_written(row, fields) for row in rows)
    return Part(name, about, columns_of(fields), told)


def _fields(shape: type[Shape]) -> list[str]:
    return [name for name in shape.model_fields if name not in _LEFT_OUT]


def _payments(source: Source, own: OwnDetails) -> Iterator[dict[str, Any]]:
    fields, org_id = _fields(PaymentSummary), source.book_of.org_id
    theirs = PaymentFilter(customer_id=source.customer_id)
    for step in batched(payment_export(source.views, source.book, theirs)):
        said = payers_of(source.views, source.book, [each.payment.payment_id for each in step])
        for each in step:
            row = with_amounts_written(listed_payment_of(each, org_id), fields)
            payer = said.get(each.payment.payment_id)
            typed = own.of({name: payer and getattr(payer, name) for name in ALL})
            row |= {f"payer_{name}": value for name, value in typed.items()}
            row |= {"metadata": own.metadata_of(row, payer)}
            yield row | {"payer_network": payer and payer.network}


def _links(source: Source) -> Iterator[dict[str, Any]]:
    for stored in source.facts_of(LINK_TOPICS):
        data = orjson.loads(stored.data)
        yield {
            "link_id": stored.stream,
            **with_amounts_written(data["terms"], _TERMS),
            "at": data["occurred_at"],
            **origin_of(stored),
        }
