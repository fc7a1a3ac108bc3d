"""Customers are claimed by what two ways to write a name have in common.

Before, an external id was claimed as it was typed, an e-mail address in lower case, and a number
as it was typed.
"""

import logging
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import sqlalchemy as sa
from alembic import op

from domain.contact import e164_of, mailbox
from domain.text import seen

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_log = logging.getLogger(__name__)

_PAGE: Final = 1_000


class _Renamed(NamedTuple):
    value: str
    to: str
    stream: str


def _with_id(name: Callable[[str], str]) -> Callable[[str], str]:
    def renamed(value: str) -> str:
        called, _, customer_id = value.rpartition("\n")
        return f"{name(called)}\n{customer_id}"

    return renamed


def _payer(value: str) -> str:
    return mailbox(value) if "@" in value else e164_of(value)


# Those that are one customer's come with what is said when two have the same from now on.
_NAMES: Final[dict[str, Callable[[str], str]]] = {
    "external_id": seen,
    "email": _with_id(mailbox),
    "phone": _with_id(e164_of),
    "payer": _payer,
}


def upgrade() -> None:
    connection = op.get_bind()
    schema = "whence" if connection.dialect.name == "postgresql" else None
    books = sa.table("books", sa.column("book"), schema=schema)
    listed = sa.select(books.c.book).order_by(books.c.book)
    for book in connection.execute(listed).scalars().all():
        for kind, name in _NAMES.items():
            claimed = _Claimed(connection, schema, book, kind)
            for renamed in [each for each in claimed.renamed(name) if each.to != each.value]:
                claimed.rename(renamed)


class _Claimed:
    """The claims of one kind in one book."""

    def __init__(self, connection: sa.Connection, schema: str | None, book: str, kind: str) -> None:
        columns = [sa.column(name, sa.Text) for name in ("book", "kind", "value", "stream")]
        self.table = sa.table("claims", *columns, schema=schema)
        self.connection, self.book, self.kind = connection, book, kind
        self.these = sa.and_(self.table.c.book == book, self.table.c.kind == kind)

    def renamed(self, name: Callable[[str], str]) -> Iterator[_Renamed]:
        value, after = self.table.c.value, ""
        claimed = sa.select(value, self.table.c.stream).where(self.these).order_by(value)
        while True:
            page = self.connection.execute(claimed.where(value > after).limit(_PAGE)).all()
            yield from (_Renamed(row.value, name(row.value), row.stream) for row in page)
            if len(page) < _PAGE:
                return
            after = page[-1].value

    def rename(self, renamed: _Renamed) -> None:
        """Whoever was registered first has the name; what the other has is reported."""
        self._give_up(renamed.value)
        if not renamed.to:
            return
        held = self.connection.execute(
            sa.select(self.table.c.stream).where(self.these, self.table.c.value == renamed.to)
        ).scalar()
        first = min(filter(None, (held, renamed.stream)))
        if held is not None and held != renamed.stream and self.kind == "external_id":
            other = max(held, renamed.stream)
            self._claim("namesake", f"{renamed.to}\n{other}", other)
            _log.warning(
                "in %s the external ids of %s and %s are the same from now on: it finds %s",
                *(self.book, first, other, first),
            )
        if first != held:
            self._give_up(renamed.to)
            self._claim(self.kind, renamed.to, first)

    def _claim(self, kind: str, value: str, stream: str) -> None:
        self.connection.execute(
            sa.insert(self.table).values(book=self.book, kind=kind, value=value, stream=stream)
        )

    def _give_up(self, value: str) -> None:
        self.connection.execute(
            sa.delete(self.table).where(self.these, self.table.c.value == value)
        )
