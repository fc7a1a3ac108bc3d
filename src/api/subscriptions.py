"""Subscriptions: commands and queries."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo200, array_answer
from api.http.query_fields import Instant
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import example, needs, new_router
from api.resources.customer_secrecy import may_ask_for, told
from api.resources.export_files import DESCRIBED, ExportFile
from api.resources.filter_types import EitherSpelling
from api.resources.subscriptions import (
    ListedSubscription,
    Subscription,
    SubscriptionsExport,
    subscription_of,
)
from commands import subscriptions as commands
from commands.fields import Text
from commands.handling.unit_of_work import UnitOfWork
from commands.subscriptions import (
    CancelSubscription,
    CreateSubscription,
    PauseSubscription,
    ResumeSubscription,
    UpdateSubscription,
)
from domain.subscription import Subscription as SubscriptionAggregate
from domain.subscription import SubscriptionStatus
from domain.subscription_refusals import SubscriptionNotFound
from projections.customers import customer_id_meant, with_customer_names
from projections.engine.querying.pages import Page
from projections.facts_about import of_itself
from projections.subscriptions import (
    SubscriptionFilter,
    SubscriptionRecord,
    subscription,
    subscription_export,
    subscription_list,
)

command_router = new_router("subscriptions")
query_router = new_router("subscriptions")
READ, WRITE = needs("subscriptions:read"), needs("subscriptions:write")


class FilterSubscriptions(BaseModel):
    """``customer_id`` may be the merchant's own, or an e-mail address."""

    status: Annotated[SubscriptionStatus, EitherSpelling] | None = None
    customer_id: Text | None = None
    plan_id: Text | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None

    def filter(self, request: ApiRequest) -> Callable[[Connection, str], SubscriptionFilter]:
        named = self.customer_id
        may_ask_for(request, named)
        return lambda db, book: SubscriptionFilter(
            status=self.status,
            customer_id=named and customer_id_meant(db, book, named),
            plan_id=self.plan_id,
            start=self.created_after,
            end=self.created_before,
        )


class ListSubscriptions(PageRequest, FilterSubscriptions):
    limit: UpTo200 = 50


class ExportSubscriptions(ExportFile, FilterSubscriptions):
    pass


def _body(work: UnitOfWork, subscription: SubscriptionAggregate) -> dict[str, Any]:
    return subscription_of(subscription, work.org_id)


@command_router.post(
    "/v1/subscriptions",
    status_code=201,
    response_model=Subscription,
    dependencies=[WRITE],
    openapi_extra=example(
        customer_id="usr_1234",
        plan_id="plan_premium",
        amount=4000,
        currency="GHS",
        method="momo",
        interval="monthly",
        metadata={"plan_name": "Premium"},
    ),
)
async def create_subscription(request: ApiRequest, command: CreateSubscription) -> Response:
    """The first period begins, and is billed, at once; the next ones when their time comes.

    With `start_date` it begins then: a day that has begun is today, and what lies further back is
    refused. A trial (`trial_days`, or until `trial_end`) is billed when it ends, and its status is
    `active`. Dates without a time are days in UTC.
    """
    return await request.decide(commands.create_subscription, command, show=_body, status=201)


@command_router.patch(
    "/v1/subscriptions/{subscription_id}",
    response_model=Subscription,
    dependencies=[WRITE],
    openapi_extra=example(plan_id="plan_basic", amount=2000),
)
async def update_subscription(
    request: ApiRequest, subscription_id: str, command: UpdateSubscription
) -> Response:
    """Another plan, amount or interval goes from the next invoice on.

    `cancel_at_period_end`: true ends it with the period that is paid, false lets it
    go on after all.
    """
    return await request.decide(commands.update_subscription, subscription_id, command, show=_body)


@command_router.post(
    "/v1/subscriptions/{subscription_id}/pause",
    response_model=Subscription,
    dependencies=[WRITE],
    openapi_extra=example(reason="on a journey"),
)
async def pause_subscription(
    request: ApiRequest, subscription_id: str, command: PauseSubscription
) -> Response:
    """Nothing is billed for the time it is paused, and invoices that failed are not tried again."""
    return await request.decide(commands.pause_subscription, subscription_id, command, show=_body)


@command_router.post(
    "/v1/subscriptions/{subscription_id}/resume",
    response_model=Subscription,
    dependencies=[WRITE],
    openapi_extra=example(),
)
async def resume_subscription(
    request: ApiRequest,
    subscription_id: str,
    command: ResumeSubscription,  # noqa: ARG001 (its body says nothing)
) -> Response:
    """Only a paused one: it goes on with the period it was paused in.

    When that has ended meanwhile, a new one begins at this moment, and is billed. Invoices that
    failed before stay open, to be tried again by hand.
    """
    return await request.decide(commands.resume_subscription, subscription_id, show=_body)


@command_router.post(
    "/v1/subscriptions/{subscription_id}/cancel",
    response_model=Subscription,
    dependencies=[WRITE],
    openapi_extra=example(reason="moved away"),
)
async def cancel_subscription(
    request: ApiRequest, subscription_id: str, command: CancelSubscription
) -> Response:
    """For good, at once, or, with `cancel_at_period_end`, with the period that is paid.

    What was billed until then stays owed, but is not tried again by itself.
    """
    return await request.decide(commands.cancel_subscription, subscription_id, command, show=_body)


@query_router.get("/v1/subscriptions", response_model=list[ListedSubscription], dependencies=[READ])
async def list_subscriptions(
    request: ApiRequest, query: Annotated[ListSubscriptions, Query()]
) -> Response:
    """Newest first."""
    conditions = query.filter(request)

    def read(db: Connection, book: str) -> Page[tuple[SubscriptionRecord, str | None]]:
        page = subscription_list(db, book, conditions(db, book), **query.place)
        return page.showing([*with_customer_names(db, book, page.rows)])

    page = await request.ask(read)
    return array_answer(request, page, lambda row: _listed(request, *row))


@query_router.get(
    "/v1/exports/subscriptions",
    response_model=SubscriptionsExport,
    responses=DESCRIBED,
    dependencies=[READ],
)
async def export_subscriptions(
    request: ApiRequest, query: Annotated[ExportSubscriptions, Query()]
) -> Response:
    """Every subscription that fits, newest first, as JSON or CSV."""
    conditions = query.filter(request)

    def rows(db: Connection, book: str) -> Iterator[dict[str, Any]]:
        found = subscription_export(db, book, conditions(db, book))
        named = with_customer_names(db, book, found)
        return (_listed(request, *each) for each in named)

    return query.of(request, "subscriptions", ListedSubscription, rows)


@query_router.get(
    "/v1/subscriptions/{subscription_id}", response_model=Subscription, dependencies=[READ]
)
async def show_subscription(request: ApiRequest, subscription_id: str) -> Response:
    """All of one subscription."""
    found = await request.ask_about(of_itself(subscription_id), subscription, subscription_id)
    if found is None:
        raise SubscriptionNotFound(subscription_id)
    return answer(told(request, subscription_of(found, request.org_id)))


def _listed(
    request: ApiRequest, subscription: SubscriptionRecord, customer_name: str | None
) -> dict[str, Any]:
    whole = subscription_of(subscription, request.org_id)
    return told(request, whole | {"customer_name": customer_name})
