"""API keys of an organization: issue, revoke, list."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo200, array_answer, page_of
from api.http.request import ApiRequest, WithSecrets
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.resources.api_keys import ApiKey, NewApiKey, api_key_of
from commands import api_keys as commands
from commands.api_keys import IssuedKey, IssueKey
from commands.handling.unit_of_work import UnitOfWork

command_router = new_router("API keys")
query_router = new_router("API keys")
READ, WRITE = needs("api_keys:read"), needs("api_keys:write")


def _shown(work: UnitOfWork, issued: IssuedKey) -> dict[str, Any]:
    return api_key_of(issued.key, work.org_id)


# What is stored under an idempotency key does not hold the key itself: no store ever may.
def _with_the_key(
    _request: ApiRequest, body: dict[str, Any], issued: IssuedKey | None
) -> dict[str, Any]:
    raw = issued and issued.raw
    return body | {"raw": raw, "key": raw}


class ListKeys(PageRequest):
    limit: UpTo200 = 100


class RevokeKey(BaseModel):
    with_descendants: bool = Field(
        default=False, description="Also all keys that it has made, and that these have made."
    )


_NEW_KEY: Final = WithSecrets(_shown, _with_the_key)


@command_router.post(
    "/v1/api-keys",
    status_code=201,
    response_model=NewApiKey,
    dependencies=[WRITE],
    openapi_extra=example(name="the website", scopes=["checkout:write"]),
)
async def issue_key(request: ApiRequest, command: IssueKey) -> Response:
    """A key with limited scopes can hand out no more than it has; 100 are in use at most."""
    issue = partial(commands.issue_key, made_by=request.caller.key_id)
    return await request.decide(issue, command, show=_NEW_KEY, status=201)


@command_router.delete("/v1/api-keys/{key_id}", status_code=204, dependencies=[WRITE])
async def revoke_key(
    request: ApiRequest, key_id: str, query: Annotated[RevokeKey, Query()]
) -> Response:
    """From now on the key is refused; revoking it again changes nothing.

    A key with limited scopes can revoke none that has others.
    """
    revoke = partial(
        commands.revoke_key, by=request.caller.key_id, descendants=query.with_descendants
    )
    return await request.decide(revoke, key_id)


@query_router.get("/v1/api-keys", response_model=list[ApiKey], dependencies=[READ, PRESENT_ONLY])
async def list_keys(request: ApiRequest, query: Annotated[ListKeys, Query()]) -> Response:
    """Newest first, revoked ones included."""
    keys = await request.perform(commands.list_keys)
    page = page_of(keys, query, lambda key: key.key_id)
    return array_answer(request, page, lambda key: api_key_of(key, request.org_id))
