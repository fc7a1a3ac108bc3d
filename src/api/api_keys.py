"""API keys of an organization: issue, revoke, list."""

from functools import partial
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.http.command_answers import WithSecrets
from api.http.pagination import PageRequest, UpTo200, array_answer, page_of
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.resources.actors import names_of
from api.resources.api_keys import ApiKey, NewApiKey, api_key_of
from commands import api_keys as commands
from commands.api_keys import IssuedKey, IssueKey
from commands.handling.unit_of_work import UnitOfWork

command_router = new_router("API keys")
query_router = new_router("API keys")
READ, WRITE = needs("api_keys:read"), needs("api_keys:write")


def _shown(name: str, work: UnitOfWork, issued: IssuedKey) -> dict[str, Any]:
    return api_key_of(issued.key, work.org_id, name)


# What is stored under an idempotency key does not hold the key itself: no store ever may.
def _with_the_key(
    _request: ApiRequest, body: dict[str, Any], issued: IssuedKey | None
) -> dict[str, Any]:
    raw = issued and issued.raw
    return body | {"raw": raw, "key": raw}


class ListKeys(PageRequest):
    limit: UpTo200 = 100
    revoked: bool | None = None


class RevokeKey(BaseModel):
    with_descendants: bool = Field(
        default=False, description="Also all keys that it has made, and that these have made."
    )


@command_router.post(
    "/v1/api-keys",
    status_code=201,
    response_model=NewApiKey,
    dependencies=[WRITE],
    openapi_extra=example(name="the website", scopes=["checkout:write"]),
)
async def issue_key(request: ApiRequest, command: IssueKey) -> Response:
    """A key with limited scopes can hand out no more than it has; 100 are in use at most."""
    caller = request.caller
    person = None if caller.user is None else caller.user.id
    issue = partial(commands.issue_key, made_by=caller.key_id, by_person=person)
    show = WithSecrets(partial(_shown, caller.name), _with_the_key)
    return await request.decide(issue, command, show=show, status=201)


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
    """Newest first; revoked ones are included unless `revoked` says otherwise."""
    keys = await request.perform(commands.list_keys)
    found = [key for key in keys if query.revoked in (None, key.revoked_at is not None)]
    page = page_of(found, query, lambda key: key.key_id)
    names = await names_of(request, (key.made_by for key in page.rows))
    return array_answer(
        request, page, lambda key: api_key_of(key, request.org_id, names.get(key.made_by or ""))
    )


@query_router.get("/v1/api-keys/{key_id}", response_model=ApiKey, dependencies=[READ, PRESENT_ONLY])
async def show_key(request: ApiRequest, key_id: str) -> Response:
    """One of them, without the key itself."""
    key = await request.perform(commands.show_key, key_id)
    names = await names_of(request, [key.made_by])
    return answer(api_key_of(key, request.org_id, names.get(key.made_by or "")))
