"""Retry policies: commands and queries."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, BeforeValidator
from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.resources.retry_policies import RetryPolicy, policy_of
from commands import retry_policies as commands
from commands.fields import Text
from commands.handling.unit_of_work import UnitOfWork
from commands.retry_policies import PolicyInForce, SetRetryPolicy

command_router = new_router("retry policies")
query_router = new_router("retry policies")
READ, WRITE = needs("subscriptions:read"), needs("subscriptions:write")


class OfPlan(BaseModel):
    """No ``plan_id``: the organization's own."""

    plan_id: Annotated[Text | None, BeforeValidator(lambda text: text or None)] = None


@command_router.post(
    "/v1/policies/retry",
    response_model=RetryPolicy,
    dependencies=[WRITE],
    openapi_extra=example(
        plan_id="plan_premium",
        delays=["15m", "1h", "24h", "7d"],
        max_retries=4,
        when_used_up="pause",
    ),
)
async def set_retry_policy(request: ApiRequest, command: SetRetryPolicy) -> Response:
    """For invoices to come, of one plan or of all that have no policy of their own."""

    def show(_work: UnitOfWork, policy: PolicyInForce) -> dict[str, Any]:
        return policy_of(policy)

    return await request.decide(commands.set_retry_policy, command, show=show)


@command_router.delete("/v1/policies/retry", status_code=204, dependencies=[WRITE])
async def remove_retry_policy(request: ApiRequest, query: Annotated[OfPlan, Query()]) -> Response:
    """Removing what is not there changes nothing."""
    return await request.decide(commands.remove_retry_policy, query.plan_id)


@query_router.get(
    "/v1/policies/retry", response_model=RetryPolicy, dependencies=[READ, PRESENT_ONLY]
)
async def show_retry_policy(request: ApiRequest, query: Annotated[OfPlan, Query()]) -> Response:
    """What goes for a plan: its own policy, else the organization's, else the default."""
    return answer(policy_of(await request.perform(commands.policy_in_force, query.plan_id)))


@query_router.get(
    "/v1/policies/retry/list",
    response_model=list[RetryPolicy],
    dependencies=[READ, PRESENT_ONLY],
)
async def list_retry_policies(request: ApiRequest) -> Response:
    """Those that were set."""
    found = await request.perform(commands.list_retry_policies)
    response = answer([policy_of(each) for each in found])
    response.headers["X-Total-Count"] = str(len(found))
    return response
