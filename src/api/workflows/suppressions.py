"""Suppression list: who is not written to, by which channel, and why."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.http.errors import insufficient_scope
from api.http.pagination import PageRequest, UpTo200, list_answer, page_of
from api.http.request import READS_CUSTOMERS, ApiRequest
from api.http.routing import PRESENT_ONLY, needs, new_router
from api.resources.consents import Suppressions, suppression_of
from commands.consents import Channel, list_suppressed

query_router = new_router("workflows")


class ListSuppressions(PageRequest):
    limit: UpTo200 = 50
    channel: Channel | None = None


@query_router.get(
    "/v1/workflows/suppressions",
    response_model=Suppressions,
    dependencies=[needs("workflows:read"), PRESENT_ONLY],
)
async def list_suppressions(
    request: ApiRequest, query: Annotated[ListSuppressions, Query()]
) -> Response:
    """By channel and customer; whoever consents again is on it no more."""
    if not request.reads_customers:
        raise insufficient_scope(READS_CUSTOMERS)
    found = await request.perform(list_suppressed, query.channel)
    page = page_of(found, query, lambda each: f"{each.channel} {each.customer_id}")
    return list_answer(request, "suppressions", page, query, suppression_of)
