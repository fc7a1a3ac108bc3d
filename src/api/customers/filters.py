"""Filters of the queries of customers."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.http.pagination import PageRequest, UpTo100
from api.http.query_fields import Instant, Whole
from api.payments.filters import InRanges
from api.resources.filter_types import Method, TagList
from commands.fields import CountryCode, CurrencyCode
from domain.payment_types import Source
from projections.customer_filters import ActivityStatus, CustomerFilter
from projections.customer_list import SortBy
from projections.periods import start_of
from projections.subscriptions import SubscriptionStanding
from projections.top_customers import Metric, Period, RankingFilter


class FilterCustomers(BaseModel):
    """Everything the customers asked for must have in common; amounts in minor units."""

    search: str | None = Field(
        None,
        max_length=255,
        description="Part of a name, with or without its accents, of an email, external id or id, "
        "or of a phone number as people write it.",
    )
    external_id: str | None = Field(None, max_length=255)
    email: str | None = Field(None, max_length=255)
    sort_by: SortBy = "created_at"
    sort_desc: bool = True
    currency: CurrencyCode | None = None
    provider: str | None = Field(None, max_length=255)
    payment_method: Method | None = None
    activity_status: ActivityStatus | None = None
    min_spend: Whole | None = None
    max_spend: Whole | None = None
    tags: TagList = Field(default_factory=list, description="Repeated, or separated by commas.")
    tags_match: Literal["any", "all"] = "any"
    source: Source | None = None
    acquired_via: str | None = Field(None, max_length=255)
    subscription_status: SubscriptionStanding | None = None
    first_paid_from: Instant | None = None
    first_paid_to: Instant | None = None
    first_paid_currency: CurrencyCode | None = None

    @property
    def filter(self) -> CustomerFilter:
        order_and_tags = {"sort_by", "sort_desc", "tags", "tags_match"}
        conditions = self.model_dump(include=set(FilterCustomers.model_fields) - order_and_tags)
        conditions[f"tags_{self.tags_match}"] = self.tags
        return CustomerFilter(**conditions)


class ListCustomers(PageRequest, FilterCustomers):
    limit: UpTo100 = 50


class FilterTopCustomers(BaseModel):
    """Ranked inside one currency: the asked one, else the most used one."""

    metric: Metric = "total_spent"
    period: Period = "all"
    currency: CurrencyCode | None = None
    country: CountryCode | None = None
    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")

    def ranking(self, now: datetime) -> RankingFilter:
        return {
            "metric": self.metric,
            "currency": self.currency,
            "country": self.country,
            "start": self.start or start_of(self.period, now),
            "end": self.end,
        }


class ListTopCustomers(PageRequest, FilterTopCustomers):
    limit: UpTo100 = 10


class ShowCustomerStats(BaseModel):
    currency: CurrencyCode | None = None


class LookUpCustomer(BaseModel):
    external_id: str = Field(max_length=255)


class ListOfCustomer(PageRequest):
    limit: UpTo100 = 20


class ListPaymentsOfCustomer(ListOfCustomer, InRanges):
    pass


class BreakDownSources(BaseModel):
    """Shares are told in one currency: the asked one, else the customer's preferred one."""

    currency: CurrencyCode | None = None
    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")
