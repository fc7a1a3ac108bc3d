"""First run: an organization, its keys said once, and a request that works."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from commands.handling.handler import Context
from commands.organizations import AlreadyFounded, Founded, first_org_id, found_organization
from domain.organization import UNNAMED
from ledger.address import database_address
from ledger.ledger import Ledger
from ledger.private_files import make_private_folder
from whence.errors import Unsuccessful
from whence.settings import Settings
from whence.wiring import handling, recording

Say = Callable[[str], None]


def welcome(settings: Settings, address: str) -> None:
    """On a store in which nothing ever was: founds an organization, and says how to get in, once.

    Keys are shown to people alone. What is printed where nobody looks ends in a log, so there they
    are written to a file.
    """
    with recording(settings) as ledger:
        if ledger.heads() or ledger.deleted():
            return
        with _on_a_terminal() if sys.stdout.isatty() else _in_a_file(keys_file(settings)) as say:
            founded = _found(ledger)
            if founded is not None:
                typer.echo(f"A new organization, {founded.org_id}.")
                typer.echo(f"Its console is at {address}/console: sign in with one of the keys.")
                say(f"{_keys(UNNAMED, founded)}\n\n{_first_request(address, founded)}\n")


def show_keys(name: str, founded: Founded) -> None:
    """Says, for people, what a new organization is called and how to get in."""
    typer.echo(_keys(name, founded))


def keys_file(settings: Settings) -> Path:
    """Where somebody wants it, else beside the ledger, or in `var` where that is in no file."""
    if settings.keys_file:
        return Path(settings.keys_file)
    if settings.on_postgresql:
        return Path("var", "keys.txt")
    return Path(database_address(settings.database_url).database or "").with_name("keys.txt")


def _found(ledger: Ledger) -> Founded | None:
    """None when another process started at the same moment, and says how to get in."""
    with handling(ledger) as handler:
        founding = found_organization(
            handler,
            UNNAMED,
            context=Context(actor="first start"),
            org_id=first_org_id(ledger.identity().store_id),
        )
        try:
            return asyncio.run(founding)
        except AlreadyFounded:
            return None


@contextmanager
def _on_a_terminal() -> Iterator[Say]:
    yield typer.echo


@contextmanager
def _in_a_file(file: Path) -> Iterator[Say]:
    """Says it in a file of its owner's alone, behind what it holds already.

    The file is begun before there is anything to say: keys that cannot be written are not made.
    """
    try:
        make_private_folder(file.parent)
        descriptor, draft = tempfile.mkstemp(prefix=".keys-", dir=file.parent)
    except OSError as error:
        raise Unsuccessful(
            f"the keys of a new store cannot be written to {file.absolute()}: {error.strerror}"
        ) from None
    said: list[str] = []
    try:
        yield said.append
        if said:
            before = [file.read_text()] if file.exists() else []
            with os.fdopen(descriptor, "w", closefd=False) as written:
                written.write("\n".join([*before, *said]))
            os.fsync(descriptor)
            Path(draft).replace(file)
            typer.echo(f"The keys are in {file.absolute()}: keep them.")
    finally:
        os.close(descriptor)
        Path(draft).unlink(missing_ok=True)


def _keys(name: str, founded: Founded) -> str:
    return (
        f"Organization   {founded.org_id}  ({name})\n"
        f"Test key       {founded.keys['test']}\n"
        f"Live key       {founded.keys['live']}\n"
        "Only a digest of the keys is kept: this is the one time they are shown."
    )


def _first_request(address: str, founded: Founded) -> str:
    return (
        f"Look at it:\n\n  {address}/console, where you sign in with one of the keys\n\n"
        f"Try it:\n\n  curl {address}/v1/customers \\\n"
        f'    -H "X-Reevit-Key: {founded.keys["test"]}" \\\n'
        '    -H "Content-Type: application/json" \\\n'
        '    -d \'{"external_id": "usr_1", "name": "Grace Hopper"}\'\n'
    )
