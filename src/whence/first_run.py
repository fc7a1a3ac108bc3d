"""First run: an organization, its keys said once, and a request that works."""

import asyncio

import typer

from commands.handling.handler import Context
from commands.organizations import AlreadyFounded, Founded, first_org_id, found_organization
from domain.organization import UNNAMED
from whence.settings import Settings
from whence.wiring import handling, recording


def welcome(settings: Settings, address: str) -> None:
    """On an empty store: founds an organization, and says how to get in, once."""
    with recording(settings) as ledger:
        if ledger.heads():
            return
        with handling(ledger) as handler:
            founding = found_organization(
                handler,
                UNNAMED,
                context=Context(actor="first start"),
                org_id=first_org_id(ledger.identity().store_id),
            )
            try:
                founded = asyncio.run(founding)
            except AlreadyFounded:
                # Another process started at the same moment, and says how to get in.
                return
    show_keys(UNNAMED, founded)
    typer.echo(
        f"\nTry it:\n\n  curl {address}/v1/customers \\\n"
        f'    -H "X-Reevit-Key: {founded.keys["test"]}" \\\n'
        '    -H "Content-Type: application/json" \\\n'
        '    -d \'{"external_id": "usr_1", "name": "Grace Hopper"}\'\n'
    )


def show_keys(name: str, founded: Founded) -> None:
    """Says, for people, what a new organization is called and how to get in."""
    typer.echo(f"Organization   {founded.org_id}  ({name})")
    typer.echo(f"Test key       {founded.keys['test']}")
    typer.echo(f"Live key       {founded.keys['live']}")
    typer.echo("Only a digest of the keys is kept: this is the one time they are shown.")
