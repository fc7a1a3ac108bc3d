"""`whence keys`: what lets a program in, to one organization in one mode."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, TypeVar

import typer

from commands.api_keys import IssueKey, issue_key, list_keys, revoke_key
from commands.handling.handler import Context
from commands.handling.unit_of_work import UnitOfWork
from commands.imported_api_keys import import_key
from domain.api_key import Key
from domain.book import Book, Mode
from whence.cli.terminal import AsJson, print_json, print_table, validated
from whence.settings import Settings
from whence.wiring import handling, recording

T = TypeVar("T")

app = typer.Typer(
    help="The keys that let programs in.", no_args_is_help=True, rich_markup_mode=None
)

OrgId = Annotated[str, typer.Argument(help="The organization, org_…")]
KeyName = Annotated[str, typer.Option(help="What the key is for.")]
KeyScopes = Annotated[
    list[str] | None, typer.Option(help="What it may do, again for each; none means all.")
]
InMode = Annotated[Mode, typer.Option(help="Which of its two books: test or live.")]

_OPERATOR = Context(actor="operator")


@app.command()
def create(
    org_id: OrgId,
    *,
    mode: InMode = "test",
    name: KeyName = "issued by an operator",
    scope: KeyScopes = None,
    json: AsJson = False,
) -> None:
    """Issue a key, and print it, once."""
    issued = _perform(
        org_id, mode, partial(issue_key, command=validated(IssueKey, name=name, scopes=scope or []))
    )
    if json:
        print_json(_described(issued.key) | {"key": issued.raw})
    else:
        typer.echo(f"{issued.key.key_id}  {issued.raw}")


@app.command("import")
def import_(
    org_id: OrgId,
    *,
    name: KeyName = "imported by an operator",
    scope: KeyScopes = None,
    json: AsJson = False,
) -> None:
    """Let a key made elsewhere in (sk_test_…, say), asked for or read from stdin."""
    raw = (
        typer.prompt("Key", hide_input=True, err=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().strip()
    )
    command = validated(IssueKey, name=name, scopes=scope or [])
    with recording(Settings.load(), makes_store=False) as ledger, handling(ledger) as handler:
        key = asyncio.run(import_key(handler, org_id, raw, command, context=_OPERATOR))
    if json:
        print_json(_described(key))
    else:
        typer.echo(f"{key.key_id} is let in")


@app.command("list")
def list_(org_id: OrgId, *, mode: InMode = "test", json: AsJson = False) -> None:
    """List the keys, the newest first; never their secrets."""
    keys = _perform(org_id, mode, list_keys)
    if json:
        print_json([_described(key) for key in keys])
    else:
        rows = [(*_row(key), key.made_by or "an operator") for key in keys]
        print_table(f"Keys of {org_id}/{mode}", ("id", "name", "may", "state", "made by"), rows)


@app.command()
def revoke(
    org_id: OrgId,
    key_id: Annotated[str, typer.Argument(help="The key, key_…")],
    *,
    mode: InMode = "test",
    with_descendants: Annotated[
        bool, typer.Option("--with-descendants", help="Also the keys it made, and those they made.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Revoke a key: it lets nobody in any more."""
    _perform(org_id, mode, partial(revoke_key, key_id=key_id, descendants=with_descendants))
    if json:
        print_json({"id": key_id, "revoked": True})
    else:
        typer.echo(f"{key_id} is revoked")


def _perform(org_id: str, mode: Mode, decide: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    with recording(Settings.load(), makes_store=False) as ledger, handling(ledger) as handler:
        return asyncio.run(handler.perform(str(Book(org_id, mode)), decide, context=_OPERATOR))


def _row(key: Key) -> tuple[str, str, str, str]:
    return key.key_id, key.name, " ".join(key.scopes) or "everything", _state(key)


def _state(key: Key) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    return f"used {key.last_used_at:%Y-%m-%d}" if key.last_used_at else "not used yet"


def _described(key: Key) -> dict[str, object]:
    return {
        "id": key.key_id,
        "name": key.name,
        "scopes": key.scopes,
        "created_at": key.created_at.isoformat(),
        "created_by": key.made_by,
        "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
