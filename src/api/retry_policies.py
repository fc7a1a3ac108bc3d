"""What may be asked about retry policies, and done about them."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, BeforeValidator
from starlette.responses import Response

from api.bodies.subscriptions import RetryPolicy
from api.http.query_fields import Text
from api.http.request import ApiRequest, answer
from api.http.routing import needs, new_router
from api.renderings.subscriptions import of_policy
from commands import retry_policies as commands
from commands.handling.unit_of_work import UnitOfWork
from commands.retry_policies import SetRetryPolicy

command_router = new_router("retry policies")
query_router = new_router("retry policies")
READ, WRITE = needs("subscriptions:read"), needs("subscriptions:write")


class OfPlan(BaseModel):
    """No ``plan_id``: the organization's own."""

    plan_id: Annotated[Text | None, BeforeValidator(lambda text: text or None)] = None


@command_router.post("/v1/policies/retry", response_model=RetryPolicy, dependencies=[WRITE])
async def set_retry_policy(request: ApiRequest, command: SetRetryPolicy) -> Response:
    """For invoices to come, of one plan or of all that have no policy of their own."""

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        return 200, of_policy(await commands.set_retry_policy(work, command))

    return await request.decide(decide)


@command_router.delete("/v1/policies/retry", status_code=204, dependencies=[WRITE])
async def remove_retry_policy(request: ApiRequest, query: Annotated[OfPlan, Query()]) -> Response:
    """Removing what is not there changes nothing."""

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        await commands.remove_retry_policy(work, query.plan_id)
        return 204, None

    return await request.decide(decide)


@query_router.get("/v1/policies/retry", response_model=RetryPolicy, dependencies=[READ])
async def show_retry_policy(request: ApiRequest, query: Annotated[OfPlan, Query()]) -> Response:
    """What goes for a plan: its own policy, else the organization's, else the default."""
    return answer(
        of_policy(
            await request.dependencies.handler.perform(
                request.book_name, lambda work: commands.policy_in_force(work, query.plan_id)
            )
        )
    )


@query_router.get("/v1/policies/retry/list", response_model=list[RetryPolicy], dependencies=[READ])
async def list_retry_policies(request: ApiRequest) -> Response:
    """Those that were set."""
    found = await request.dependencies.handler.perform(
        request.book_name, commands.list_retry_policies
    )
    response = answer([of_policy(each) for each in found])
    response.headers["X-Total-Count"] = str(len(found))
    return response
