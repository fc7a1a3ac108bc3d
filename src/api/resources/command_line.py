"""What the command line of developers asks for: whose key it has, and with what to begin."""

from typing import Any, Final, Literal

from api.resources.shapes import Shape
from commands.command_line import Credential, Prepared
from domain.organization import Organization

# In test mode the simulator takes all payments; to those who look for a connection, it is one.
_SIMULATOR: Final = "conn_simulator"


class Account(Shape):
    """Whose key it is."""

    organization_id: str
    organization_name: str


class Project(Shape):
    """What somebody builds; here it is their organization, by whatever name they have for it."""

    id: str
    name: str
    organization_id: str


class ProjectKey(Shape):
    """A key to begin with; ``raw`` is the key itself, told once, when it is made."""

    id: str | None
    raw: str | None
    scopes: list[str]


class ProjectKeys(Shape):
    """For the server of a project, and for its pages."""

    server: ProjectKey
    checkout: ProjectKey


class TestSimulator(Shape):
    """What takes payments in test mode."""

    connection_id: str
    ready: bool


class ProjectOrigin(Shape):
    """Where the pages of a project are, and whether they may call."""

    origin: str | None
    origin_allowed: bool


class ProjectSetup(Shape):
    """All that is needed to try things out."""

    project: Project
    mode: Literal["test"]
    credentials: ProjectKeys
    simulator: TestSimulator
    checkout: ProjectOrigin


def account_of(organization: Organization) -> dict[str, Any]:
    return {"organization_id": organization.id, "organization_name": organization.name}


def setup_of(prepared: Prepared) -> dict[str, Any]:
    """Without the keys themselves: it may be stored."""
    organization = prepared.organization
    return {
        "project": {
            "id": prepared.project_id or organization.id,
            "name": prepared.project_name or organization.name,
            "organization_id": organization.id,
        },
        "mode": "test",
        "credentials": {
            "server": _key_of(prepared.server),
            "checkout": _key_of(prepared.checkout),
        },
        "simulator": {"connection_id": _SIMULATOR, "ready": True},
        "checkout": {"origin": prepared.origin, "origin_allowed": prepared.allows_origin},
    }


def with_keys(body: dict[str, Any], prepared: Prepared) -> dict[str, Any]:
    """With the keys themselves, which are told and never stored."""
    told = body["credentials"]
    return body | {
        "credentials": {
            "server": told["server"] | {"raw": prepared.server.raw},
            "checkout": told["checkout"] | {"raw": prepared.checkout.raw},
        }
    }


def _key_of(credential: Credential) -> dict[str, Any]:
    key_id = credential.key and credential.key.key_id
    return {"id": key_id, "raw": None, "scopes": credential.scopes}
