"""Organization commands: found one, and change its settings."""

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from pydantic import BeforeValidator, Field

from commands.api_keys import IssueKey, issue_key
from commands.fields import ChangingCommand, Color, Command, Country, Email, TimeZone, not_cleared
from commands.handling.handler import CommandHandler, Context
from commands.handling.unit_of_work import UnitOfWork
from domain.book import MODES, Book, Mode
from domain.errors import Conflict, NotFound
from domain.organization import Organization

# What every invoice's number begins with, for people and for file names.
InvoicePrefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,19}$")]

# A name is written into lists and letters: it says something, and is one line.
Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
    ),
]


class FoundOrganization(Command):
    """Who is to be recorded for, and where they are."""

    name: Name
    country: Country | None = None
    time_zone: TimeZone | None = None
    color: Color | None = None


class UpdateOrganization(ChangingCommand):
    """Settings left out stay as they are; null clears all but the name."""

    name: Annotated[Name | None, BeforeValidator(not_cleared)] = None
    country: Country | None = None
    time_zone: TimeZone | None = None
    color: Color | None = None
    invoice_prefix: InvoicePrefix | None = None
    contact_email: Email | None = None


class AlreadyFounded(Conflict):
    code = "organization_already_exists"

    def __init__(self, org_id: str) -> None:
        super().__init__(f"organization {org_id} has been founded before", org_id=org_id)


@dataclass(frozen=True)
class Founded:
    """``keys``: the first key of each mode, raw."""

    org_id: str
    keys: dict[Mode, str]


def first_org_id(store_id: str) -> str:
    """What the organization of a store's first start is called: so there is only one of it."""
    return f"org_{sha256(store_id.encode()).hexdigest()[:26]}"


async def found_organization(
    handler: CommandHandler,
    name: str,
    *,
    context: Context,
    org_id: str | None = None,
    **settings: str | None,
) -> Founded:
    """A new organization, which is two books, with one key of full access in each.

    ``settings`` are the others of FoundOrganization, the same in both.
    Should the second book fail, nobody has seen the first: founding again makes another.
    Refused with AlreadyFounded when an ``org_id`` is asked for that somebody has founded.
    """
    org_id = org_id or handler.ids.new("org")
    keys: dict[Mode, str] = {}
    for mode in MODES:

        async def found(work: UnitOfWork) -> str:
            with suppress(NotFound):
                await work.load_for_update(Organization, work.org_id)
                raise AlreadyFounded(work.org_id)
            organization = Organization.found(
                work.org_id,
                name=name,
                mode=work.mode,
                client_secret_seed=work.ids.secret(),
                now=work.now,
            )
            organization.change_settings(settings, work.now)
            work.add(organization)
            return (await issue_key(work, IssueKey(name="first key"))).raw

        keys[mode] = await handler.perform(str(Book(org_id, mode)), found, context=context)
    return Founded(org_id, keys)


async def show_organization(work: UnitOfWork) -> Organization:
    return await work.load_recent(Organization, work.org_id)


async def update_organization(work: UnitOfWork, command: UpdateOrganization) -> Organization:
    """In one mode: what the other one says stays as it is."""
    organization = await work.load_for_update(Organization, work.org_id)
    settings = command.model_dump(include=command.model_fields_set)
    if "invoice_prefix" in settings:
        organization.set_invoice_prefix(settings.pop("invoice_prefix"), work.now)
    if "contact_email" in settings:
        organization.set_contact(settings.pop("contact_email"), work.now)
    organization.change_settings(settings, work.now)
    return organization
