"""What may be asked about subscriptions."""

from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator
from sqlalchemy import Connection
from starlette.responses import Response

from api.bodies.subscriptions import Subscription
from api.http.pagination import Paged, UpTo200, bare
from api.http.query_fields import Instant, Text, american
from api.http.request import ApiRequest, answer
from api.http.routing import needs, new_router
from api.renderings import subscriptions as rendering
from domain.subscription import SubscriptionNotFound, SubscriptionStatus
from projections.customers import customer_id_of
from projections.engine.querying.pages import Page
from projections.subscriptions import (
    SubscriptionFilter,
    SubscriptionRecord,
    subscription,
    subscription_list,
)

router = new_router("subscriptions")
READ = needs("subscriptions:read")

StatusName = Annotated[SubscriptionStatus, BeforeValidator(american)]


class ListSubscriptions(Paged):
    """``customer_id`` may be the merchant's own."""

    limit: UpTo200 = 50
    status: StatusName | None = None
    customer_id: Text | None = None
    plan_id: Text | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None


@router.get("/v1/subscriptions", response_model=list[Subscription], dependencies=[READ])
async def list_subscriptions(
    request: ApiRequest, query: Annotated[ListSubscriptions, Query()]
) -> Response:
    """Newest first."""

    def read(db: Connection) -> Page[SubscriptionRecord]:
        named = query.customer_id
        wanted = SubscriptionFilter(
            status=query.status,
            customer_id=named and (customer_id_of(db, request.book_name, named) or named),
            plan_id=query.plan_id,
            start=query.created_after,
            end=query.created_before,
        )
        return subscription_list(db, request.book_name, wanted, **query.place)

    page = await request.ask(read)
    return bare(request, page, lambda row: rendering.of_record(row, org_id=request.org_id))


@router.get("/v1/subscriptions/{subscription_id}", response_model=Subscription, dependencies=[READ])
async def show_subscription(request: ApiRequest, subscription_id: str) -> Response:
    """All of one subscription."""
    found = await request.ask(lambda db: subscription(db, request.book_name, subscription_id))
    if found is None:
        raise SubscriptionNotFound(subscription_id)
    return answer(rendering.of_record(found, org_id=request.org_id))
