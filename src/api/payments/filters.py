"""Filters of the lists and exports of payments, refunds and disputes.

A ``customer_id`` is read where the rows are: it may be the merchant's own, or an e-mail address.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypedDict, TypeVar

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from api.http.parsing import parse_query
from api.http.query_fields import Instant, Whole
from api.http.request import ApiRequest
from api.resources.customer_secrecy import may_ask_for
from api.resources.filter_types import Method, StatusName
from commands.fields import CountryCode, CurrencyCode, Text
from domain.payment_types import Source
from projections.customers import customer_id_meant
from projections.disputes import DisputeFilter, DisputeStatus
from projections.payment_list import Payer, PaymentFilter
from projections.payment_stats import Period
from projections.periods import start_of
from projections.refunds_and_disputes import RefundFilter
from projections.time_buckets import Granularity

F = TypeVar("F", PaymentFilter, RefundFilter, DisputeFilter)
Asked = Callable[[Connection, str], F]

_METADATA = "metadata."


class Range(TypedDict):
    start: datetime | None
    end: datetime | None
    succeeded_from: datetime | None
    succeeded_to: datetime | None


class InRanges(BaseModel):
    """By creation, by success: each half open. By success, the latest success comes first."""

    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")
    succeeded_from: Instant | None = None
    succeeded_to: Instant | None = None

    @property
    def range(self) -> Range:
        return {
            "start": self.start,
            "end": self.end,
            "succeeded_from": self.succeeded_from,
            "succeeded_to": self.succeeded_to,
        }


class InPeriod(BaseModel):
    """``from`` and ``to``, or a period that ends now; ``period`` yields to the other two."""

    period: Period = "day"
    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")

    def range(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        if self.start is not None or self.end is not None:
            return self.start, self.end
        return start_of(self.period, now), None


class InBuckets(InPeriod):
    """A range cut into buckets; everything in one currency: the asked one, else the most used."""

    period: Period = "month"
    granularity: Granularity = "day"
    currency: CurrencyCode | None = None


class FilterPayments(InRanges):
    """What the payments asked for must have in common; ``metadata.<name>=<value>`` too."""

    status: StatusName | None = None
    customer_id: Text | None = None
    provider: Text | None = None
    method: Method | None = None
    currency: CurrencyCode | None = None
    country: CountryCode | None = None
    source: Source | None = None
    source_id: Text | None = None
    payer: Payer | None = Field(
        None,
        description="Of what succeeded: `new` is the first payment of a customer, `returning` each "
        "further one, `guest` what nobody known paid.",
    )
    search: Text | None = Field(
        None,
        description="Part of an id, a reference, a description or a source's description; or the "
        "number on a receipt, like ZN1S-FXW2-SQX7, or the provider's reference.",
    )
    named: Text | None = Field(
        None,
        description="The whole of an id, a reference, the provider's reference, or the number on "
        "a receipt: found at once, however many payments there are.",
    )
    amount_min: Whole | None = None
    amount_max: Whole | None = None

    def filter(self, request: ApiRequest) -> Asked[PaymentFilter]:
        # Who paid before says who is a customer.
        may_ask_for(request, self.payer)
        conditions = self.model_dump(include=set(FilterPayments.model_fields))
        return _asked(request, PaymentFilter(**conditions, metadata=_metadata(request)))


class FilterRefunds(BaseModel):
    """``from`` and ``to``: when the money went back."""

    payment_id: Text | None = None
    customer_id: Text | None = None
    currency: CurrencyCode | None = None
    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")

    def filter(self, request: ApiRequest) -> Asked[RefundFilter]:
        conditions = self.model_dump(include=set(FilterRefunds.model_fields))
        return _asked(request, RefundFilter(**conditions))


class FilterDisputes(BaseModel):
    """``from`` and ``to``: when it was decided; while it is open, when it was opened."""

    status: DisputeStatus | None = None
    payment_id: Text | None = None
    customer_id: Text | None = None
    currency: CurrencyCode | None = None
    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")

    def filter(self, request: ApiRequest) -> Asked[DisputeFilter]:
        conditions = self.model_dump(include=set(FilterDisputes.model_fields))
        return _asked(request, DisputeFilter(**conditions))


def _asked(request: ApiRequest, conditions: F) -> Asked[F]:
    named = conditions.customer_id
    may_ask_for(request, named)

    def asked(db: Connection, book: str) -> F:
        if named is None:
            return conditions
        return replace(conditions, customer_id=customer_id_meant(db, book, named))

    return asked


def _metadata(request: ApiRequest) -> Mapping[str, str]:
    fields = parse_query(request.scope["query_string"])
    return {
        name.removeprefix(_METADATA): value
        for name, value in fields.items()
        if name.startswith(_METADATA)
    }
