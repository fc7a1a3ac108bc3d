"""Books: one organization in one mode (a tenant), the unit of order and isolation."""

from typing import Literal, NamedTuple, Self, get_args

Mode = Literal["test", "live"]

MODES: tuple[Mode, ...] = get_args(Mode)


class Book(NamedTuple):
    """The two halves of a book's name; ``str(book)`` is the name: ``org_…/test``."""

    org_id: str
    mode: Mode

    def __str__(self) -> str:
        return f"{self.org_id}/{self.mode}"

    @property
    def short(self) -> str:
        """Its name within a secret or an address: the mode's first letter, then the id's end."""
        return f"{self.mode[0]}{self.org_id.removeprefix('org_')}"

    @classmethod
    def from_short(cls, short: str) -> Self:
        return cls(f"org_{short[1:]}", "test" if short[0] == "t" else "live")

    @classmethod
    def named(cls, name: str) -> Self:
        """The book called so; raises ValueError when nothing could be called so."""
        org_id, _, mode = name.partition("/")
        for known in MODES:
            if mode == known and org_id:
                return cls(org_id, known)
        raise ValueError(f"{name} is not the name of a book")
