"""API keys of an organization: issue, revoke, list."""

from typing import Any, Final

from starlette.responses import Response

from api.http.errors import Forbidden
from api.http.request import ApiRequest, WithSecrets
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.resources.api_keys import ApiKey, NewApiKey, api_key_of
from commands import issued_keys as commands
from commands.handling.unit_of_work import UnitOfWork
from commands.issued_keys import IssuedKey, IssueKey

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


_NEW_KEY: Final = WithSecrets(_shown, _with_the_key)


@command_router.post(
    "/v1/api-keys",
    status_code=201,
    response_model=NewApiKey,
    dependencies=[WRITE],
    openapi_extra=example(name="the website", scopes=["checkout:write"]),
)
async def issue_key(request: ApiRequest, command: IssueKey) -> Response:
    """A key with limited scopes can hand out no more than it has."""
    own = request.caller.key.scopes
    if own and not (command.scopes and set(command.scopes) <= set(own)):
        raise Forbidden("insufficient_scope", "a key cannot hand out scopes it does not have")
    return await request.decide(commands.issue_key, command, show=_NEW_KEY, status=201)


@command_router.delete("/v1/api-keys/{key_id}", status_code=204, dependencies=[WRITE])
async def revoke_key(request: ApiRequest, key_id: str) -> Response:
    """From now on the key is refused; revoking it again changes nothing."""
    return await request.decide(commands.revoke_key, key_id)


@query_router.get("/v1/api-keys", response_model=list[ApiKey], dependencies=[READ, PRESENT_ONLY])
async def list_keys(request: ApiRequest) -> Response:
    """Newest first, revoked ones included."""
    keys = await request.perform(commands.list_keys)
    response = answer([api_key_of(key, request.org_id) for key in keys])
    response.headers["X-Total-Count"] = str(len(keys))
    return response
