"""`whence users`: the people who sign in to the console, to one organization."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError

from commands.console_sessions import SignedIn, end_sessions, open_sessions
from commands.handling.handler import Context
from commands.handling.unit_of_work import UnitOfWork
from commands.passwords import SHORTEST, hash_of, made_password
from commands.users import (
    AddUser,
    Password,
    add_user,
    list_users,
    named,
    remove_user,
    set_password,
    set_role,
)
from commands.viewers import ACCOUNTS
from domain.book import Book
from domain.console_session import ConsoleSession
from domain.user import Role, User
from ledger.ledger import Ledger
from whence.cli.terminal import AsJson, print_json, print_table, validated
from whence.errors import Unsuccessful
from whence.secret_keys import keyring_of
from whence.settings import Settings
from whence.wiring import handling, recording

T = TypeVar("T")

app = typer.Typer(
    help="The people who sign in to the console.", no_args_is_help=True, rich_markup_mode=None
)

Email = Annotated[str, typer.Argument(help="The address they sign in with.")]
WithRole = Annotated[Role, typer.Option(help="What they may: owner, finance or support.")]
OfOrg = Annotated[
    str | None, typer.Option(help="The organization, org_…; needed where there are several.")
]
PasswordFile = Annotated[
    Path | None, typer.Option(help="Read it from there: a file with one line, or - for stdin.")
]

_OPERATOR = Context(actor="operator")
_COLUMNS = ("id", "email", "name", "role", "since")


@app.command()
def add(
    email: Email,
    *,
    role: WithRole,
    name: Annotated[str | None, typer.Option(help="What they are called.")] = None,
    org: OfOrg = None,
    password_file: PasswordFile = None,
    json: AsJson = False,
) -> None:
    """Give somebody an account. Their password is asked for twice; where nobody is asked, made."""
    command = validated(AddUser, email=email, name=name, role=role)
    password, is_made = _password(password_file)
    user = _perform(org, partial(add_user, command=command, hashed=hash_of(password)))
    _tell(user, password if is_made else None, f"{user.email} may sign in", json=json)


@app.command("list")
def list_(*, org: OfOrg = None, json: AsJson = False) -> None:
    """List who has an account."""
    users = _perform(org, list_users)
    if json:
        print_json([_described(user) for user in users])
    else:
        rows = [
            (user.id, user.email, user.personal["name"], user.role, f"{user.added_at:%Y-%m-%d}")
            for user in users
        ]
        print_table("People", _COLUMNS, rows)


@app.command()
def role(
    email: Email,
    role: Annotated[Role, typer.Argument(help="owner, finance or support.")],
    *,
    org: OfOrg = None,
    json: AsJson = False,
) -> None:
    """Give somebody another role. They are signed out everywhere."""
    user = _perform(org, partial(set_role, who=email, role=role, by_operator=True))
    _tell(user, None, f"{user.email} is {user.role}", json=json)


@app.command()
def password(
    email: Email, *, org: OfOrg = None, password_file: PasswordFile = None, json: AsJson = False
) -> None:
    """Give somebody another password. They are signed out everywhere."""
    chosen, is_made = _password(password_file)
    user = _perform(org, partial(set_password, who=email, hashed=hash_of(chosen)))
    _tell(user, chosen if is_made else None, f"{user.email} has another password", json=json)


@app.command()
def remove(email: Email, *, org: OfOrg = None, json: AsJson = False) -> None:
    """Take somebody's account away. They are signed out everywhere."""
    user = _perform(org, partial(remove_user, who=email, by_operator=True))
    _tell(user, None, f"{user.email} has no account any more", json=json)


@app.command()
def sessions(
    email: Email,
    *,
    org: OfOrg = None,
    end: Annotated[bool, typer.Option("--end", help="End all of them.")] = False,
    json: AsJson = False,
) -> None:
    """List where somebody is signed in, the newest first."""
    found = _perform(org, partial(_sessions, email=email, end=end))
    if json:
        print_json([_session_described(each.session) for each in found])
        return
    rows = [
        (each.id, each.device, _written(each.began_at), _written(each.last_used_at))
        for each in (signed_in.session for signed_in in found)
    ]
    title = f"{'Ended: sessions' if end else 'Sessions'} of {email}"
    print_table(title, ("id", "on", "since (UTC)", "last used"), rows)


async def _sessions(work: UnitOfWork, email: str, *, end: bool) -> list[SignedIn]:
    user = await named(work, email)
    found = await open_sessions(work, user)
    if end:
        await end_sessions(work, found)
    return found


def _perform(org_id: str | None, decide: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    settings = Settings.load()
    with (
        recording(settings, makes_store=False) as ledger,
        handling(ledger, keyring=keyring_of(settings)) as handler,
    ):
        book = Book(org_id or _only_organization(ledger), ACCOUNTS)
        return asyncio.run(handler.perform(str(book), decide, context=_OPERATOR))


def _only_organization(ledger: Ledger) -> str:
    found = {Book.named(each).org_id for each in ledger.first_books("org_", 3)}
    if len(found) != 1:
        raise Unsuccessful(
            "say which organization with --org: `whence organizations list` has them"
        )
    return found.pop()


def _password(file: Path | None) -> tuple[str, bool]:
    """The password, and whether it was made here."""
    if file is None and not sys.stdin.isatty():
        return made_password(), True
    chosen = _asked() if file is None else _read(file)
    try:
        return TypeAdapter(Password).validate_python(chosen), False
    except ValidationError:
        raise Unsuccessful(f"a password has at least {SHORTEST} characters") from None


def _asked() -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _read(file: Path) -> str:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unsuccessful(f"{file} cannot be read: {type(error).__name__}") from None
    return text.removesuffix("\n").removesuffix("\r")


def _tell(user: User, made: str | None, sentence: str, *, json: bool) -> None:
    if json:
        print_json(_described(user) | ({} if made is None else {"password": made}))
    else:
        typer.echo(sentence if made is None else f"{sentence}; the password is {made}")


def _described(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        **user.personal,
        "role": user.role,
        "created_at": user.added_at.isoformat(),
    }


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _session_described(session: ConsoleSession) -> dict[str, object]:
    return {
        "id": session.id,
        "device": session.device,
        "began_at": session.began_at.isoformat(),
        "last_used_at": session.last_used_at.isoformat(),
    }
