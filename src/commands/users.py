"""User commands: people get accounts of an organization, passwords and roles, and lose them."""

from typing import Annotated

from pydantic import Field

from commands.fields import Command, Email
from commands.handling.unit_of_work import UnitOfWork
from commands.organizations import Name
from commands.passwords import LONGEST, SHORTEST
from domain.organization import Organization
from domain.user import USER, LastOwner, OwnPassword, Role, User, UserExists, UserNotFound, found_as

Password = Annotated[str, Field(min_length=SHORTEST, max_length=LONGEST, pattern=r"^[^\x00]*$")]


class AddUser(Command):
    """Who it is, and what they may."""

    email: Email
    name: Name | None = None
    role: Role


class AddPerson(AddUser):
    """No ``password``: one is made."""

    password: Password | None = None


class SetRole(Command):
    """What they may from now on."""

    role: Role


class SetPassword(Command):
    """No ``password``: one is made."""

    password: Password | None = None


async def add_user(work: UnitOfWork, command: AddUser, hashed: str) -> User:
    """``hashed``: their password. Refused with UserExists, and OrganizationNotFound."""
    await work.load_recent(Organization, work.org_id)
    if await work.owner(USER, found_as(command.email)) is not None:
        raise UserExists(command.email)
    user = User.add(
        work.ids.new("usr"),
        email=command.email,
        name=command.name,
        role=command.role,
        now=work.now,
    )
    user.set_password(_sealed(work, user, hashed), work.now)
    work.add(user)
    return user


async def set_password(
    work: UnitOfWork, who: str, hashed: str, *, for_somebody_by: str | None = None
) -> User:
    """Whoever is signed in as them is out. ``who``: as in `named`.

    ``for_somebody_by``: the person who sets it without having shown the one that is. Raises
    OwnPassword.
    """
    user = await named(work, who)
    if user.id == for_somebody_by:
        raise OwnPassword
    user.set_password(_sealed(work, user, hashed), work.now)
    return user


async def set_role(work: UnitOfWork, who: str, role: Role, *, by_operator: bool = False) -> User:
    """Whoever runs the service may leave nobody an owner. Raises LastOwner."""
    user = await named(work, who)
    if role != "owner" and not by_operator:
        await _must_leave_an_owner(work, user)
    user.set_role(role, work.now)
    return user


async def remove_user(work: UnitOfWork, who: str, *, by_operator: bool = False) -> User:
    """As `set_role`."""
    user = await named(work, who)
    if not by_operator:
        await _must_leave_an_owner(work, user)
    user.remove(work.now)
    return user


async def show_user(work: UnitOfWork, user_id: str) -> User:
    """Raises UserNotFound."""
    user = await user_ever(work, user_id)
    if user.removed_at is not None:
        raise UserNotFound(user_id)
    return user


async def user_ever(work: UnitOfWork, user_id: str) -> User:
    """The same, of whoever was removed too."""
    return await work.load_recent(User, user_id)


async def list_users(work: UnitOfWork) -> list[User]:
    """By their addresses."""
    await work.load_recent(Organization, work.org_id)
    return [await work.load_recent(User, stream) for _, stream in await work.owners(USER, "")]


async def find_user(work: UnitOfWork, email: str) -> User | None:
    stream = await work.owner(USER, found_as(email))
    return None if stream is None else await work.load_recent(User, stream)


def hash_sealed(work: UnitOfWork, user: User) -> str | None:
    """What their password is proved by. Raises CannotSealOrOpen."""
    if user.sealed_hash is None:
        return None
    return work.keyring.open(user.sealed_hash, purpose=_purpose(work, user))


async def named(work: UnitOfWork, who: str) -> User:
    """Somebody to be changed, by their id or their address. Raises UserNotFound."""
    stream = await work.owner(USER, found_as(who)) if "@" in who else who
    if stream is None:
        raise UserNotFound(who)
    user = await work.load_for_update(User, stream)
    if user.removed_at is not None:
        raise UserNotFound(who)
    return user


async def _must_leave_an_owner(work: UnitOfWork, leaving: User) -> None:
    """Of two owners who remove each other at the same moment, one stays."""
    if leaving.role != "owner":
        return
    for _, stream in await work.owners(USER, ""):
        if stream != leaving.id:
            other = await work.load_guarded(User, stream)
            if other.role == "owner" and other.removed_at is None:
                return
    raise LastOwner(leaving.email)


def _sealed(work: UnitOfWork, user: User, hashed: str) -> str:
    return work.keyring.seal(hashed, purpose=_purpose(work, user))


def _purpose(work: UnitOfWork, user: User) -> str:
    return f"password {work.book} {user.id}"
