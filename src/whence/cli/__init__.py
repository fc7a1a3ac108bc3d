"""The command line: `whence <command>`; docs/operations.md describes each."""

import sys
from importlib import import_module
from typing import Annotated

import typer

from domain.errors import Refusal
from ledger.errors import LedgerUnavailable, NoStore
from whence import __version__
from whence.errors import Unsuccessful

# Where each command is. Only the one that is asked for is imported: it brings along what it
# needs, and nobody waits for what the others need.
_COMMANDS = {
    "serve": "service:serve",
    "project": "service:project",
    "bill": "service:bill",
    "organizations": "organizations:app",
    "keys": "keys:app",
    "rebuild": "views:rebuild",
    "verify": "views:verify",
    "generations": "generations:app",
    "events": "facts:events",
    "demo": "demo:demo",
    "db": "database:app",
}


def command_line(asked: str | None = None) -> typer.Typer:
    """The command line with the command that is asked for, or with all when none of them is."""
    line = typer.Typer(
        name="whence",
        help="Who paid, how much, how often, and from where.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    line.callback()(_options)
    if asked == "--version":
        return line
    for name in [asked] if asked in _COMMANDS else _COMMANDS:
        module, _, attribute = _COMMANDS[name].partition(":")
        command = getattr(import_module(f"whence.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            line.add_typer(command, name=name)
        else:
            line.command(name)(command)
    return line


def _tell_version(asked: bool) -> None:  # noqa: FBT001 (as typer calls it)
    if asked:
        typer.echo(__version__)
        raise typer.Exit


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
        command_line(*sys.argv[1:2])()
    except Unsuccessful as reason:
        _stop(str(reason), reason.exit_code)
    except NoStore as reason:
        _stop(str(reason), 2)
    except (Refusal, LedgerUnavailable) as reason:
        _stop(str(reason), 1)


def _stop(sentence: str, code: int) -> None:
    sys.stderr.write(f"whence: {sentence}\n")
    sys.exit(code)
