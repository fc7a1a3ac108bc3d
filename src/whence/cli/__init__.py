"""The command line: `whence <command>`; docs/operations.md describes each."""

import sys
from typing import Annotated

import typer

from domain.errors import Refusal
from ledger.errors import LedgerUnavailable
from whence import __version__
from whence.cli import database, demo, facts, keys, organizations, service, views
from whence.cli.terminal import Unsuccessful
from whence.serve import AddressTaken
from whence.settings import WrongSetting

app = typer.Typer(
    name="whence",
    help="Who paid, how much, how often, and from where.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(organizations.app, name="organizations")
app.add_typer(keys.app, name="keys")
app.add_typer(database.app, name="db")
app.command()(service.serve)
app.command()(service.project)
app.command()(views.rebuild)
app.command()(views.verify)
app.command()(facts.events)
app.command()(demo.demo)


def _tell_version(asked: bool) -> None:  # noqa: FBT001 (as typer calls it)
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_tell_version),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Runs one command; what goes wrong is a sentence on stderr and an exit code."""
    try:
        app()
    except WrongSetting as wrong:
        _stop(str(wrong), 2)
    except (Refusal, Unsuccessful, AddressTaken, LedgerUnavailable) as reason:
        _stop(str(reason), 1)


def _stop(sentence: str, code: int) -> None:
    sys.stderr.write(f"whence: {sentence}\n")
    sys.exit(code)
