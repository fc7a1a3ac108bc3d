"""What may be asked about the API keys of an organization, and done about them."""

from typing import Any

from pydantic import Field
from starlette.responses import Response

from api.bodies.shapes import Moment, Shape
from api.http.errors import Forbidden
from api.http.request import ApiRequest, answer
from api.http.routing import needs, new_router
from api.renderings.values import moment
from commands import organizations as commands
from commands.handling.unit_of_work import UnitOfWork
from commands.organizations import IssueKey
from domain.organization import Key

command_router = new_router("API keys")
query_router = new_router("API keys")


class ApiKey(Shape):
    """A key, without the key itself; no scopes listed means full access."""

    id: str = Field(examples=["key_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str
    name: str = Field(examples=["the website"])
    scopes: list[str] = Field(examples=[["payments:read"]])
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None


class NewApiKey(ApiKey):
    """``raw`` and ``key`` are the key itself, told this once: a replayed answer has null."""

    raw: str | None = Field(examples=["pfk_test_….…"])
    key: str | None = Field(examples=["pfk_test_….…"])


@command_router.post(
    "/v1/api-keys",
    status_code=201,
    response_model=NewApiKey,
    dependencies=[needs("api_keys:write")],
)
async def issue_key(request: ApiRequest, command: IssueKey) -> Response:
    """A key with limited scopes can hand out no more than it has."""
    own = request.caller.key.scopes
    if own and not (command.scopes and set(command.scopes) <= set(own)):
        raise Forbidden("insufficient_scope", "a key cannot hand out scopes it does not have")
    raw: dict[str, str] = {}

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        issued = await commands.issue_key(work, command)
        raw[issued.key.key_id] = issued.raw
        return 201, _body(issued.key, request.org_id)

    # What is stored under an idempotency key does not hold the key itself: no store ever may.
    def with_secrets(body: dict[str, Any]) -> dict[str, Any]:
        told = raw.get(body["id"])
        return body | {"raw": told, "key": told}

    return await request.decide(decide, with_secrets=with_secrets)


@command_router.delete(
    "/v1/api-keys/{key_id}", status_code=204, dependencies=[needs("api_keys:write")]
)
async def revoke_key(request: ApiRequest, key_id: str) -> Response:
    """From now on the key is refused; revoking it again changes nothing."""

    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        await commands.revoke_key(work, key_id)
        return 204, None

    return await request.decide(decide)


@query_router.get(
    "/v1/api-keys", response_model=list[ApiKey], dependencies=[needs("api_keys:read")]
)
async def list_keys(request: ApiRequest) -> Response:
    """Newest first, revoked ones included."""
    keys = await request.dependencies.handler.perform(request.book_name, commands.list_keys)
    response = answer([_body(key, request.org_id) for key in keys])
    response.headers["X-Total-Count"] = str(len(keys))
    return response


def _body(key: Key, org_id: str) -> dict[str, Any]:
    return {
        "id": key.key_id,
        "org_id": org_id,
        "name": key.name,
        "scopes": key.scopes,
        "created_at": moment(key.created_at),
        "last_used_at": moment(key.last_used_at),
        "revoked_at": moment(key.revoked_at),
    }
