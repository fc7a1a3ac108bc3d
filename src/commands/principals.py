"""Principals: who asks, having shown that they may, and what they may do."""

from dataclasses import dataclass

from domain.api_key import Key
from domain.book import Book, Mode
from domain.console_session import ConsoleSession
from domain.organization import Organization
from domain.user import Role, User


@dataclass(frozen=True)
class Principal:
    """Somebody with a good key, or a person who is signed in.

    The organization is as of half a second ago or later. ``session``: that of the console, where
    it shows who they are.
    """

    book: str
    organization: Organization
    holder: Key | User
    session: ConsoleSession | None = None

    @property
    def org_id(self) -> str:
        return self.organization.id

    @property
    def mode(self) -> Mode:
        return self.organization.mode

    @property
    def key(self) -> Key | None:
        return self.holder if isinstance(self.holder, Key) else None

    @property
    def user(self) -> User | None:
        return self.holder if isinstance(self.holder, User) else None

    @property
    def opens_both(self) -> bool:
        """Whether what stands in both books is theirs: a person's, or that of a key of live mode.

        Keys of test mode are handed round; by them nobody learns of what is live.
        """
        return self.user is not None or self.mode == "live"

    @property
    def key_id(self) -> str | None:
        """None of a person."""
        return None if self.key is None else self.key.key_id

    @property
    def id(self) -> str:
        """Of the key, or of the person."""
        return self.holder.id

    @property
    def name(self) -> str:
        """What people call who asks."""
        return self.holder.name

    @property
    def role(self) -> Role | None:
        """None of a key, which has scopes of its own."""
        return None if self.user is None else self.user.role

    @property
    def counted_as(self) -> str:
        """As whom they are counted: who looks does not use up what a program may ask."""
        return self.id if self.session is None else f"console {self.id}"

    @property
    def scopes(self) -> frozenset[str]:
        """What a key lists, or a role has; a key that lists none may do everything."""
        return frozenset(self.holder.scopes)

    @property
    def may_export(self) -> bool:
        return self.user is None or self.user.rights.exports

    @property
    def may_delete(self) -> bool:
        return self.user is None or self.user.rights.deletes

    @property
    def hides_personal(self) -> bool:
        """Whether personal data is shown to them only when they ask for it."""
        return self.user is not None and not self.user.rights.sees_personal

    @property
    def session_book(self) -> str:
        """Where the session is: that of a person opens both books of the organization."""
        return self.book if self.user is None else str(Book(self.org_id, "live"))

    def may(self, scope: str) -> bool:
        return self.holder.may(scope)
