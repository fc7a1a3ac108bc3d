"""The command line of developers: who they are, and what they need to try things out."""

from functools import partial
from typing import Any, Final

from starlette.responses import Response

from api.http.command_answers import WithSecrets
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.resources.command_line import Account, ProjectSetup, account_of, setup_of, with_keys
from commands import command_line as commands
from commands.command_line import Prepared, PrepareProject
from commands.handling.unit_of_work import UnitOfWork
from commands.organizations import show_organization

command_router = new_router("command line")
query_router = new_router("command line")
_ANY_KEY = needs()
_READ, _WRITE = needs("api_keys:read"), needs("api_keys:write")
_ALLOWS_ORIGINS: Final = "payments:write"


def _shown(_work: UnitOfWork, prepared: Prepared) -> dict[str, Any]:
    return setup_of(prepared)


def _told(_request: ApiRequest, body: dict[str, Any], prepared: Prepared | None) -> dict[str, Any]:
    return body if prepared is None else with_keys(body, prepared)


_SETUP: Final = WithSecrets(_shown, _told)


@command_router.post(
    "/v1/cli/bootstrap",
    response_model=ProjectSetup,
    dependencies=[_WRITE],
    openapi_extra=example(project_name="Kente Shop", origin="http://localhost:3000"),
)
async def prepare_project(request: ApiRequest, command: PrepareProject) -> Response:
    """Keys for a server and for pages, in test mode; those that are named and still good are kept.

    `rotate_credentials` puts others in their place. Pages of `origin` may call from then on, if the
    key that asks has `payments:write`.
    """
    caller = request.caller
    prepare = partial(
        commands.prepare_project,
        made_by=caller.key_id,
        may_allow_origins=caller.may(_ALLOWS_ORIGINS),
    )
    return await request.decide(prepare, command, show=_SETUP)


@query_router.get("/v1/cli/account", response_model=Account, dependencies=[_ANY_KEY, PRESENT_ONLY])
async def show_account(request: ApiRequest) -> Response:
    """Whose key this is."""
    return answer(account_of(await request.perform(show_organization)))


@query_router.get(
    "/v1/cli/bootstrap", response_model=ProjectSetup, dependencies=[_READ, PRESENT_ONLY]
)
async def show_project(request: ApiRequest) -> Response:
    """What was prepared until now, without the keys themselves."""
    return answer(setup_of(await request.perform(commands.prepared_project)))
