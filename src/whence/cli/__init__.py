"""The command line: `whence <command>`; docs/operations.md describes each."""

import os
import sys
from importlib import import_module
from typing import Annotated, NamedTuple

import typer

from domain.errors import Refusal
from ledger.errors import LedgerUnavailable, NoStore
from whence import __version__
from whence.errors import Unsuccessful, kind_and_place


class _Place(NamedTuple):
    """Where a command is, and what it says of itself before it is imported."""

    module: str
    name: str
    help: str


# Only the one that is asked for is imported: it brings along what it needs, and nobody waits for
# what the others need, least of all who asks for help.
_COMMANDS = {
    "serve": _Place(
        "service",
        "serve",
        "Serve the API until Ctrl-C. It also keeps views up to date, bills, and sends webhooks.",
    ),
    "project": _Place(
        "service", "project", "Keep the views up to date, without serving, until Ctrl-C."
    ),
    "bill": _Place(
        "service",
        "bill",
        "Bill what is due, and go on until Ctrl-C. Any number may work on one PostgreSQL.",
    ),
    "deliver": _Place(
        "service",
        "deliver",
        "Send webhooks, without serving, until Ctrl-C. Any number may work on one PostgreSQL.",
    ),
    "organizations": _Place(
        "organizations", "app", "The businesses whose payments are recorded here."
    ),
    "keys": _Place("keys", "app", "The keys that let programs in."),
    "users": _Place("users", "app", "The people who sign in to the console."),
    "customers": _Place("customers", "app", "The customers of an organization."),
    "rebuild": _Place(
        "views",
        "rebuild",
        "Derive every view anew beside those that serve. Then switch to them.",
    ),
    "verify": _Place(
        "views",
        "verify",
        "Prove that the store is sound. No fact was touched, and what serves is what they say.",
    ),
    "generations": _Place("generations", "app", "The sets of views: one serves, others are kept."),
    "events": _Place(
        "facts",
        "events",
        "Print the recorded facts, book by book. They come by position.",
    ),
    "demo": _Place(
        "demo",
        "demo",
        "Fill a test book with a year of a believable merchant. It is that of a new organization.",
    ),
    "db": _Place("database", "app", "The ledger as a whole."),
}


def command_line(asked: str | None = None) -> typer.Typer:
    """The command line with the command that is asked for; all of it when None is.

    Whatever else is asked, help for example, is told the names alone.
    """
    line = typer.Typer(
        name="whence",
        help="Who paid, how much, how often, and from where.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    line.callback()(_options)
    for name, place in _COMMANDS.items():
        if asked is None or asked == name:
            _add(line, name, place)
        elif asked not in _COMMANDS:
            line.add_typer(
                typer.Typer(callback=_options, rich_markup_mode=None), name=name, help=place.help
            )
    return line


def _add(line: typer.Typer, name: str, place: _Place) -> None:
    command = getattr(import_module(f"whence.cli.{place.module}"), place.name)
    if isinstance(command, typer.Typer):
        line.add_typer(command, name=name)
    else:
        line.command(name)(command)


def _asked() -> str:
    """The command at hand, also while a shell completes its line."""
    completed = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS")
    words = completed.split() if completed and "_WHENCE_COMPLETE" in os.environ else sys.argv
    return words[1] if len(words) > 1 else ""


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
        command_line(_asked())(prog_name="whence")
    except Unsuccessful as reason:
        _stop(str(reason), reason.exit_code)
    except NoStore as reason:
        _stop(str(reason), 2)
    except (Refusal, LedgerUnavailable) as reason:
        _stop(str(reason), 1)
    except Exception as fault:  # noqa: BLE001 (ours: said in one sentence, like everything else)
        _stop(f"a fault of ours: {kind_and_place(fault)}", 1)


def _stop(sentence: str, code: int) -> None:
    sys.stderr.write(f"whence: {sentence}\n")
    sys.exit(code)
