"""Proving a copy: it is opened anew, and read back to the heads of its books."""

from dataclasses import dataclass

from sqlalchemy import Engine

from ledger.chain import BrokenChain, Chain
from ledger.integrity import check_integrity
from ledger.reading import StoreIdentity, heads, identity
from ledger.schema import SCHEMA
from ledger.verifying import verify


class NotWhole(Exception):  # noqa: N818 (named like every other refusal)
    """The copy is not what it should be; the message says where."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A store every chain of which is whole, up to these heads."""

    identity: StoreIdentity
    books: dict[str, Chain]

    @property
    def facts(self) -> int:
        return sum(chain.position for chain in self.books.values())


def prove(engine: Engine) -> Proven:
    """Raises NotWhole for the first thing that is wrong with a store."""
    for fault in check_integrity(engine, [SCHEMA]).faults:
        raise NotWhole(f"the database is damaged: {fault}")
    return Proven(identity(engine), {book: _chain(engine, book) for book in heads(engine)})


def _chain(engine: Engine, book: str) -> Chain:
    chain = verify(engine, book)
    if isinstance(chain, BrokenChain):
        raise NotWhole(f"{chain.book}: position {chain.position} {chain.reason}")
    return chain
