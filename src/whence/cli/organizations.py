"""`whence organizations`: the businesses whose customers and payments are recorded here."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from operator import attrgetter
from typing import Annotated, Final

import typer

from commands.deletion import contents, delete_organization
from commands.handling.handler import CommandHandler, Context
from commands.organizations import (
    FoundOrganization,
    UpdateOrganization,
    found_organization,
    update_organization,
)
from domain.book import MODES, Book, Mode
from domain.organization import Organization
from projections.engine.rebuilding.deletion import clear_deleted_books
from projections.read_models import DEFINITIONS
from whence.cli.terminal import AsJson, print_json, print_table, validated
from whence.demo_key import forget
from whence.errors import Unsuccessful
from whence.first_run import show_keys
from whence.settings import Settings
from whence.wiring import generations_of, handling, recording

app = typer.Typer(
    help="The businesses whose payments are recorded here.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Country = Annotated[str | None, typer.Option(help="Where it is: GH, say (ISO 3166).")]
TimeZone = Annotated[str | None, typer.Option(help="Its days: Africa/Accra, say (IANA).")]
Color = Annotated[str | None, typer.Option(help="The colour of its pages: #0b6b63, say.")]

_OPERATOR = Context(actor="operator")
_SETTINGS: Final = ("name", "country", "time_zone", "color")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the organization is called.")],
    *,
    country: Country = None,
    time_zone: TimeZone = None,
    color: Color = None,
    json: AsJson = False,
) -> None:
    """Create an organization, and print its id and its first two keys, once."""
    settings = {"name": name, "country": country, "time_zone": time_zone, "color": color}
    asked = validated(FoundOrganization, **settings)
    with recording(Settings.load()) as ledger, handling(ledger) as handler:
        founding = found_organization(handler, context=_OPERATOR, **asked.model_dump())
        founded = asyncio.run(founding)
    if json:
        print_json({"id": founded.org_id, "keys": founded.keys})
    else:
        show_keys(asked.name, founded)


@app.command()
def update(
    org_id: Annotated[str, typer.Argument(help="The organization, org_…")],
    *,
    name: Annotated[str | None, typer.Option(help="What it is called from now on.")] = None,
    country: Country = None,
    time_zone: TimeZone = None,
    color: Color = None,
    mode: Annotated[Mode | None, typer.Option(help="Of one of its two books only.")] = None,
    json: AsJson = False,
) -> None:
    """Change the settings of an organization; those left out stay as they are, "" clears."""
    given = {"name": name, "country": country, "time_zone": time_zone, "color": color}
    changes = {field: text or None for field, text in given.items() if text is not None}
    command = validated(UpdateOrganization, **changes)
    modes = MODES if mode is None else (mode,)
    with recording(Settings.load(), makes_store=False) as ledger, handling(ledger) as handler:
        organizations = asyncio.run(_update(handler, org_id, modes, command))
    if json:
        print_json({each.mode: _described(each) for each in organizations})
    else:
        print_table(f"Settings of {org_id}", ("mode", *_SETTINGS), map(_row, organizations))


@app.command("list")
def list_(*, json: AsJson = False) -> None:
    """List the organizations, the oldest first."""
    with recording(Settings.load(), makes_store=False) as ledger, handling(ledger) as handler:
        found = asyncio.run(_organizations(handler, list(ledger.heads())))
    if json:
        print_json([_described(each) for each in found])
    else:
        rows = [
            (each.id, each.name, each.country, f"{each.founded_at:%Y-%m-%d %H:%M}")
            for each in found
        ]
        print_table("Organizations", ("id", "name", "country", "since"), rows)


@app.command()
def delete(
    org_id: Annotated[str, typer.Argument(help="The organization, org_…")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Delete an organization for ever: its test book, and its live book if nothing is in it."""
    settings = Settings.load()
    with (
        recording(settings, makes_store=False) as ledger,
        generations_of(settings, ledger) as generations,
    ):
        # What is left of one that was interrupted.
        clear_deleted_books(ledger, generations, DEFINITIONS)
        found = contents(ledger, org_id)
        if not json:
            columns = ("book", "facts ", "customers ", "payments ", "payment links ")
            rows = (
                [f"{each:,}" if isinstance(each, int) else each for each in asdict(book).values()]
                for book in found
            )
            print_table(f"All of {org_id}", columns, rows)
        if not yes:
            _must_be_meant()
        delete_organization(ledger, org_id)
        clear_deleted_books(ledger, generations, DEFINITIONS)
    forget(settings, org_id)
    if json:
        print_json({"id": org_id, "deleted": [asdict(each) for each in found]})
    else:
        typer.echo(f"{org_id} is deleted.")


def _must_be_meant() -> None:
    if not sys.stdin.isatty():
        raise Unsuccessful("nobody is here to be asked: say --yes if it is meant")
    if not typer.confirm("Delete it for ever?", err=True):
        raise Unsuccessful("nothing was deleted")


async def _update(
    handler: CommandHandler, org_id: str, modes: Sequence[Mode], command: UpdateOrganization
) -> list[Organization]:
    return [
        await handler.perform(
            str(Book(org_id, mode)),
            partial(update_organization, command=command),
            context=_OPERATOR,
        )
        for mode in modes
    ]


def _described(organization: Organization) -> dict[str, object]:
    created_at = organization.founded_at.isoformat()
    return {"id": organization.id, **organization.settings, "created_at": created_at}


def _row(organization: Organization) -> list[str | None]:
    return [organization.mode, *(organization.settings[name] for name in _SETTINGS)]


async def _organizations(handler: CommandHandler, books: list[str]) -> list[Organization]:
    """As each is in live mode; one that has no such book is there too, as it is in test mode."""
    found: dict[str, Organization] = {}
    for book in sorted(books):
        org_id = Book.named(book).org_id
        if org_id not in found:
            organization = await handler.load_recent(Organization, book, org_id)
            if organization is not None:
                found[org_id] = organization
    return sorted(found.values(), key=attrgetter("founded_at"))
