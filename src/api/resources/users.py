"""The user resource: a person with an account of an organization, and where they are signed in."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Count, Moment, Pagination, Shape
from commands.console_sessions import SignedIn
from domain.user import User as Person


class User(Shape):
    """Somebody who may sign in to the console."""

    id: str = Field(examples=["usr_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    email: str = Field(examples=["efua@shop.example"])
    name: str | None = Field(examples=["Efua Asante"])
    role: Literal["owner", "finance", "support"]
    created_at: Moment
    sessions: Count
    last_seen_at: Moment | None


class NewUser(User):
    """With the password, where it was made here: told this once."""

    password: str | None = Field(examples=["pX3v…"])


class Users(Shape):
    """By their addresses."""

    users: list[User]
    pagination: Pagination


class UserSession(Shape):
    """Where somebody is signed in."""

    id: str = Field(examples=["ses_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    device: str | None = Field(examples=["Firefox on Linux"])
    began_at: Moment
    last_used_at: Moment


class UserSessions(Shape):
    """The newest first."""

    sessions: list[UserSession]


class UserAct(Shape):
    """Something they did that changed nothing: signed in, or asked to see somebody."""

    position: int = Field(examples=[128])
    topic: Literal["console_session.began", "customer.revealed", "customer.data_taken"]
    recorded_at: Moment
    customer_id: str | None
    customer_name: str | None
    device: str | None = Field(examples=["Firefox on Linux"])


class UserActivity(Shape):
    """The last first; how many there are is not counted."""

    activity: list[UserAct]
    pagination: Pagination


def user_of(user: Person, signed_in: Sequence[SignedIn]) -> dict[str, Any]:
    """``signed_in``: among others, where they are."""
    used = [each.session.last_used_at for each in signed_in if each.holder.id == user.id]
    return User.of(
        user,
        **user.personal,
        created_at=user.added_at,
        sessions=len(used),
        last_seen_at=max(used, default=None),
    )


def sessions_of(signed_in: Sequence[SignedIn]) -> dict[str, Any]:
    return {"sessions": [UserSession.of(each.session) for each in signed_in]}
