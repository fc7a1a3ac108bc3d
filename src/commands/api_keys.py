"""API keys: handed out for an organization, listed, revoked."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from commands.fields import Command, Tag
from commands.handling.unit_of_work import UnitOfWork
from commands.key_format import new_key
from domain.api_key import SCOPES, Key
from domain.book import Book
from domain.organization import Organization


def _known(scopes: list[str]) -> list[str]:
    unknown = sorted(set(scopes) - SCOPES)
    if unknown:
        raise ValueError(f"there is no scope {unknown[0]}")
    return scopes


Scopes = Annotated[list[Tag], Field(max_length=len(SCOPES)), AfterValidator(_known)]


class IssueKey(Command):
    """No scopes: the key may do everything."""

    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
    scopes: Scopes = Field(default_factory=list)


@dataclass(frozen=True)
class IssuedKey:
    """``raw``: the key itself, which nobody can tell again."""

    key: Key
    raw: str


async def issue_key(
    work: UnitOfWork,
    command: IssueKey,
    *,
    made_by: str | None = None,
    by_person: str | None = None,
) -> IssuedKey:
    """``made_by``: the key that asks; it hands out no more than it has."""
    organization = await work.load_for_update(Organization, work.org_id)
    key = new_key(work.ids, Book(work.org_id, work.mode))
    organization.issue_key(
        key.key_id,
        name=command.name,
        scopes=command.scopes,
        secret_sha256=key.secret_sha256,
        made_by=made_by,
        by_person=by_person,
        now=work.now,
    )
    return IssuedKey(organization.key(key.key_id), str(key))


async def show_key(work: UnitOfWork, key_id: str) -> Key:
    """Raises KeyNotFound."""
    return (await work.load_recent(Organization, work.org_id)).key(key_id)


async def list_keys(work: UnitOfWork) -> list[Key]:
    """Newest first, revoked ones included."""
    organization = await work.load_recent(Organization, work.org_id)
    return sorted(organization.keys.values(), key=lambda key: key.key_id, reverse=True)


async def revoke_key(
    work: UnitOfWork, key_id: str, *, by: str | None = None, descendants: bool = False
) -> None:
    """``by``: the key that asks; it revokes none that may do more than itself."""
    organization = await work.load_for_update(Organization, work.org_id)
    organization.revoke_key(key_id, work.now, by=by, descendants=descendants)
