"""`whence organizations`: the businesses whose customers and payments are recorded here."""

import asyncio
from typing import Annotated

import typer

from commands.handling.handler import CommandHandler, Context
from commands.organizations import FoundOrganization, found_organization
from domain.book import Book
from domain.organization import Organization
from whence.cli.terminal import AsJson, print_json, print_table, validated
from whence.first_run import show_keys
from whence.settings import Settings
from whence.wiring import handling, recording

app = typer.Typer(help="The businesses whose payments are recorded here.", no_args_is_help=True)

_OPERATOR = Context(actor="operator")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the organization is called.")],
    *,
    json: AsJson = False,
) -> None:
    """Create an organization, and print its id and its first two keys, once."""
    name = validated(FoundOrganization, name=name).name
    with recording(Settings.load()) as ledger, handling(ledger) as handler:
        founded = asyncio.run(found_organization(handler, name, context=_OPERATOR))
    if json:
        print_json({"id": founded.org_id, "keys": founded.keys})
    else:
        show_keys(name, founded)


@app.command("list")
def list_(*, json: AsJson = False) -> None:
    """List the organizations, the oldest first."""
    with recording(Settings.load()) as ledger, handling(ledger) as handler:
        found = asyncio.run(_organizations(handler, list(ledger.heads())))
    if json:
        print_json(
            [
                {"id": each.id, "name": each.name, "created_at": each.founded_at.isoformat()}
                for each in found
            ]
        )
    else:
        rows = [(each.id, each.name, f"{each.founded_at:%Y-%m-%d %H:%M}") for each in found]
        print_table("Organizations", ("id", "name", "since"), rows)


async def _organizations(handler: CommandHandler, books: list[str]) -> list[Organization]:
    found = []
    for book in sorted(books):
        named = Book.named(book)
        if named.mode == "live":
            organization = await handler.load_recent(Organization, book, named.org_id)
            if organization is not None:
                found.append(organization)
    return found
