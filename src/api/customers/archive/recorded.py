"""What was recorded about a customer: every fact, as it stands in the ledger."""

from typing import Any, Final

import orjson

from api.customers.archive.payers import OwnDetails
from api.customers.archive.source import ORIGIN, Source, host_of, origin_of
from api.customers.archive.zipped import Part
from domain.money import shown
from domain.payer_details import PayerDetails
from domain.payment import Payment
from ledger.append import StoredFact
from projections.payer_details import payer_of

# Of a fact that says several, the one that it is about.
_AMOUNTS_BY_RANK: Final = (
    *("refund_amount", "disputed_amount", "released_amount", "captured_amount"),
    "amount",
)
# What a payer answered on the page of a link is the metadata of the payment.
_WITH_ANSWERS: Final = (Payment.Created.TOPIC, Payment.Amended.TOPIC)


def recorded_part(source: Source, own: OwnDetails) -> Part:
    return Part(
        "facts",
        "everything that was recorded about you and what you paid, as it was recorded: first what "
        "is about yourself, then the rest in its order",
        (
            *ORIGIN,
            *("caused_by", "subject_id", "version", "occurred_at"),
            *("amount", "amount_written", "currency", "data"),
        ),
        (_row(source, own, stored) for stored in source.facts()),
    )


def _row(source: Source, own: OwnDetails, stored: StoredFact) -> dict[str, Any]:
    data = _without_receivers(orjson.loads(stored.data))
    if stored.topic == PayerDetails.Given.TOPIC:
        data |= {"personal": own.of(data["personal"])}
    if stored.topic in _WITH_ANSWERS:
        payer = payer_of(source.views, source.book, stored.stream)
        data |= {"metadata": own.metadata_of(data, payer)}
    currency = data.get("currency")
    amount = next((data[name] for name in _AMOUNTS_BY_RANK if data.get(name) is not None), None)
    return origin_of(stored) | {
        "caused_by": orjson.loads(stored.context).get("caused_by"),
        "subject_id": stored.stream,
        "version": stored.version,
        "occurred_at": source.mapper.decode(stored).occurred_at,
        "amount": amount if currency else None,
        "amount_written": shown(amount, currency) if currency and amount is not None else None,
        "currency": currency,
        "data": data,
    }


def _without_receivers(data: dict[str, Any]) -> dict[str, Any]:
    """Of where a link tells that it was paid, the host is said."""
    terms = data.get("terms")
    if not terms or not terms.get("webhook_url"):
        return data
    return data | {"terms": terms | {"webhook_url": host_of(terms["webhook_url"])}}
