"""The organization a key belongs to: its settings, and how they are changed."""

from typing import Any

from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.resources.organizations import Organization, organization_of
from commands import organizations as commands
from commands.handling.unit_of_work import UnitOfWork
from commands.organizations import UpdateOrganization
from domain.organization import Organization as OrganizationAggregate

command_router = new_router("organization")
query_router = new_router("organization")
READ, WRITE = needs("organization:read"), needs("organization:write")


@command_router.patch(
    "/v1/organization",
    response_model=Organization,
    dependencies=[WRITE],
    openapi_extra=example(
        name="Kente Shop", country="GH", time_zone="Africa/Accra", color="#0b6b63"
    ),
)
async def update_organization(request: ApiRequest, command: UpdateOrganization) -> Response:
    """Settings left out stay as they are, null clears; those of the key's mode and no other's."""

    def show(_work: UnitOfWork, organization: OrganizationAggregate) -> dict[str, Any]:
        return organization_of(organization)

    return await request.decide(commands.update_organization, command, show=show)


@query_router.get(
    "/v1/organization", response_model=Organization, dependencies=[READ, PRESENT_ONLY]
)
async def show_organization(request: ApiRequest) -> Response:
    """Whose key this is, in its mode."""
    return answer(organization_of(await request.perform(commands.show_organization)))
