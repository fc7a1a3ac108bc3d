"""Command line of developers: the keys and settings with which they try things in test mode."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from commands.api_keys import IssueKey, issue_key
from commands.checkout import MOST_ORIGINS, Origin
from commands.fields import Command, Tag, Text
from commands.handling.unit_of_work import UnitOfWork
from domain.api_key import Key
from domain.errors import RuleBroken
from domain.organization import Organization

_SERVER: Final = ("command line: server", ["payments:read", "payments:write"])
_CHECKOUT: Final = ("command line: checkout", ["checkout:write"])


class OnlyInTestMode(RuleBroken):
    def __init__(self) -> None:
        super().__init__("things are tried out in test mode: this is a key of live mode")


class PrepareProject(Command):
    """Keys that are still good are kept, unless others are to take their place."""

    project_id: Text | None = None
    project_name: Text | None = None
    capabilities: Annotated[list[Tag], Field(max_length=50)] = Field(default_factory=list)
    origin: Origin | None = None
    existing_server_key_id: Text | None = None
    existing_checkout_key_id: Text | None = None
    rotate_credentials: bool = False


@dataclass(frozen=True)
class Credential:
    """A key, if there is one; ``raw`` is the key itself, known only where it has just been made."""

    key: Key | None
    scopes: list[str]
    raw: str | None = None


@dataclass(frozen=True)
class Prepared:
    """With what somebody can begin; ``origin`` is where their pages are, if they said so."""

    organization: Organization
    server: Credential
    checkout: Credential
    project_id: str | None = None
    project_name: str | None = None
    origin: str | None = None

    @property
    def allows_origin(self) -> bool:
        return self.origin in self.organization.checkout_origins


async def prepare_project(
    work: UnitOfWork, command: PrepareProject, *, made_by: str | None, may_allow_origins: bool
) -> Prepared:
    """Hands out what is missing; ``made_by`` is the key that asks.

    ``may_allow_origins``: whether pages of the named origin may call from then on.
    """
    if work.mode != "test":
        raise OnlyInTestMode
    organization = await work.load_for_update(Organization, work.org_id)
    existing = (command.existing_server_key_id, command.existing_checkout_key_id)
    server, checkout = [
        await _credential(work, organization, template, key_id, command, made_by)
        for template, key_id in zip((_SERVER, _CHECKOUT), existing, strict=True)
    ]
    origin = command.origin and command.origin.rstrip("/")
    if origin and may_allow_origins:
        _allow(work, organization, origin)
    return Prepared(
        organization, server, checkout, command.project_id, command.project_name, origin
    )


async def prepared_project(work: UnitOfWork) -> Prepared:
    """What has been prepared until now."""
    if work.mode != "test":
        raise OnlyInTestMode
    organization = await work.load_recent(Organization, work.org_id)
    return Prepared(
        organization,
        Credential(_latest(organization, _SERVER[0]), _SERVER[1]),
        Credential(_latest(organization, _CHECKOUT[0]), _CHECKOUT[1]),
    )


async def _credential(
    work: UnitOfWork,
    organization: Organization,
    template: tuple[str, list[str]],
    key_id: str | None,
    command: PrepareProject,
    made_by: str | None,
) -> Credential:
    name, scopes = template
    known = organization.keys.get(key_id or "")
    is_good = known is not None and _serves(known, scopes)
    if known is not None and is_good and not command.rotate_credentials:
        return Credential(known, scopes)
    if known is not None and is_good:
        organization.revoke_key(known.key_id, work.now, by=made_by)
    issued = await issue_key(work, IssueKey(name=name, scopes=scopes), made_by=made_by)
    return Credential(issued.key, scopes, issued.raw)


def _serves(key: Key, scopes: Collection[str]) -> bool:
    return key.revoked_at is None and all(map(key.may, scopes))


def _latest(organization: Organization, name: str) -> Key | None:
    found = (key for key in organization.keys.values() if key.name == name and not key.revoked_at)
    return max(found, key=lambda key: key.key_id, default=None)


def _allow(work: UnitOfWork, organization: Organization, origin: str) -> None:
    """As many as may be named; one more is for them to take the place of another."""
    known = organization.checkout_origins
    if origin not in known and len(known) < MOST_ORIGINS:
        organization.set_checkout_origins([*known, origin], work.now)
