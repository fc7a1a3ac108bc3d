"""Derived claims: what each aggregate holds, told by the facts alone, beside what the ledger holds.

Claims are written with the facts they follow from, so the facts can say them again: which are
missing, and which are held for nothing. Memory is bounded: what is derived is kept on the disk.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal

import orjson

from commands.collection import LAST_SUBSCRIPTION
from commands.customers import EXTERNAL_ID, NAMESAKE, PAYER, names
from commands.handling.due_index import due
from commands.handling.providers import simulated_payment
from commands.invoice_payments import INVOICE_PAYMENT
from commands.link_codes import CODE
from commands.provider_references import PROVIDER_REFERENCE, PROVIDER_REFUND
from domain.console_session import ConsoleSession
from domain.customer import Customer
from domain.fact import Entity
from domain.integration import Integration
from domain.invoice import Invoice
from domain.message_template import MessageTemplate
from domain.payment import Payment
from domain.payment_link import PaymentLink
from domain.subscription import Subscription
from domain.user import User
from domain.webhook_endpoint import WebhookEndpoint
from domain.workflow_rule import WorkflowRule
from ledger.append import Claim, StoredFact
from ledger.claim_reading import BookReading, reading_book
from ledger.facts import FactMapper
from ledger.ledger import Ledger

Name = tuple[str, str]

# By the beginnings of their ids.
CLAIMING: Final[dict[str, type[Entity]]] = {
    "cus_": Customer,
    "int_": Integration,
    "inv_": Invoice,
    "pl_": PaymentLink,
    "ses_": ConsoleSession,
    "sub_": Subscription,
    "tpl_": MessageTemplate,
    "usr_": User,
    "we_": WebhookEndpoint,
    "wf_": WorkflowRule,
}
_REFERENCES: Final = {
    Payment.ProcessingStarted.TOPIC: (PROVIDER_REFERENCE, "provider_ref_id"),
    Payment.Authorized.TOPIC: (PROVIDER_REFERENCE, "provider_ref_id"),
    Payment.Succeeded.TOPIC: (PROVIDER_REFERENCE, "provider_ref_id"),
    Payment.Refunded.TOPIC: (PROVIDER_REFUND, "provider_refund_id"),
}
# What is claimed without a fact that says so: a reference that is stated again for a payment that
# was confirmed before, and who subscribed last, which stores of 0.1.0 do not know of everybody.
_SAID_BY_NO_FACT: Final = frozenset({PROVIDER_REFERENCE, PROVIDER_REFUND, LAST_SUBSCRIPTION})

_TABLES: Final = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE derived (kind, value, stream, PRIMARY KEY (kind, value)) WITHOUT ROWID;
    CREATE TABLE payers (value, stream, PRIMARY KEY (value, stream)) WITHOUT ROWID;
    CREATE TABLE external (value, stream, PRIMARY KEY (value, stream)) WITHOUT ROWID;
    CREATE TABLE referred (stream, reference, PRIMARY KEY (stream, reference)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class WrongClaim:
    """The first value of a book that is not held as its facts say; it may be personal."""

    book: str
    kind: str
    stream: str
    fault: Literal["missing", "unfounded"]

    def __str__(self) -> str:
        if self.fault == "missing":
            return f"{self.book}: {self.kind} of {self.stream} is not held for it"
        return f"{self.book}: {self.kind} is held for {self.stream}, of which no fact says so"


def first_wrong_claim(ledger: Ledger, book: str) -> WrongClaim | None:
    """Derives what is claimed in a book, and compares it with what is held, both at one moment.

    None when they are the same.
    """
    with reading_book(ledger.engine, book) as reading, closing(sqlite3.connect("")) as scratch:
        scratch.executescript(_TABLES)
        derived = _Derived(scratch, reading)
        derived.derive()
        return _compared(reading, derived)


def reference_in(stream: str, topic: str, data: str) -> Claim | None:
    """What a provider calls the payment or the refund that a fact tells of.

    What the simulator calls it is made of its id, and claimed by that alone.
    """
    kind, field = _REFERENCES.get(topic, ("", ""))
    if not kind or f'"{field}":null' in data:
        return None
    fact = orjson.loads(data)
    reference = (fact.get(field) or "").strip(" ")
    if not reference or simulated_payment(reference) == stream:
        return None
    provider = (fact.get("provider") or "").strip(" ")
    return Claim(kind, f"{provider}\n{reference}", stream)


class _Derived:
    """The claims of one book as its facts say them, in a file without a name."""

    def __init__(self, scratch: sqlite3.Connection, reading: BookReading) -> None:
        self._scratch = scratch
        self._reading = reading
        self._mapper = FactMapper()

    def derive(self) -> None:
        for prefix in CLAIMING:
            for facts in _by_aggregate(self._reading.streams(prefix)):
                self._add_those_of(self._replayed(facts))
        for stream, topic, data in self._reading.facts(list(_REFERENCES)):
            self._add_reference(stream, topic, data)
        self._add_external_ids()

    def claims(self) -> Iterator[Claim]:
        for row in self._scratch.execute("SELECT kind, value, stream FROM derived ORDER BY 1, 2"):
            yield Claim(*row)

    def permits(self, claim: Claim) -> bool:
        """What may be held, and need not be."""
        if claim.kind == PAYER:
            asked = "SELECT 1 FROM payers WHERE value = ? AND stream = ?"
            return self._scratch.execute(asked, (claim.value, claim.stream)).fetchone() is not None
        return claim.kind in _SAID_BY_NO_FACT and self._reading.has(claim.stream)

    def _replayed(self, facts: Iterable[StoredFact]) -> Entity:
        aggregate: Any = None
        for fact in facts:
            aggregate = self._mapper.decode(fact).mutate(aggregate)
        return aggregate  # type: ignore[no-any-return]

    def _add_those_of(self, entity: Entity) -> None:
        for kind, value in _held_by(entity):
            if kind == EXTERNAL_ID:
                self._write("external", value, entity.id)
            else:
                self._write("derived", kind, value, entity.id)
        if isinstance(entity, Customer):
            for kind, value in names(entity):
                if kind != EXTERNAL_ID:
                    self._write("payers", value.rpartition("\n")[0], entity.id)

    def _add_reference(self, stream: str, topic: str, data: str) -> None:
        named = reference_in(stream, topic, data)
        # A payment is named when its reference is first recorded; later facts repeat it.
        if named is None or (
            named.kind == PROVIDER_REFERENCE
            and not self._write("referred", stream, named.value.partition("\n")[2])
        ):
            return
        self._write("derived", named.kind, named.value, stream)

    def _add_external_ids(self) -> None:
        """One of those who have the same holds it; whoever else has it is a namesake."""
        found = self._scratch.execute("SELECT value, stream FROM external ORDER BY 1, 2").fetchall
        for value, rows in groupby(found(), key=lambda row: row[0]):
            streams = [stream for _, stream in rows]
            owner = streams[0]
            if len(streams) > 1:
                held = self._reading.owner(EXTERNAL_ID, value)
                owner = held if held in streams else owner
            self._write("derived", EXTERNAL_ID, value, owner)
            for stream in streams:
                if stream != owner:
                    self._write("derived", NAMESAKE, f"{value}\n{stream}", stream)

    def _write(self, table: str, *row: str) -> bool:
        """Whether it is new."""
        places = ", ".join("?" for _ in row)
        written = self._scratch.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", row)  # noqa: S608 (our own)
        return written.rowcount > 0


def _held_by(entity: Entity) -> Iterator[Name]:
    """Kinds and values that an aggregate holds as it stands."""
    yield from entity.found_by
    if entity.wakes_at is not None:
        yield due(entity.id, entity.wakes_at)
    match entity:
        case Customer():
            yield from names(entity)
        case Invoice():
            yield INVOICE_PAYMENT, entity.payment_id
        case PaymentLink() if not entity.deleted:
            yield CODE, entity.code


def _by_aggregate(facts: Iterable[StoredFact]) -> Iterator[Iterable[StoredFact]]:
    """Beside an aggregate stands what no decision needs: looks at a link, in ``pl_….views``."""
    for stream, those in groupby(facts, key=lambda fact: fact.stream):
        if "." not in stream:
            yield those


def _compared(reading: BookReading, derived: _Derived) -> WrongClaim | None:
    """Both are read side by side, in the order of their kinds and values."""
    book, held, said = reading.book, reading.claims(), derived.claims()
    one, other = next(held, None), next(said, None)
    while one is not None or other is not None:
        if one == other:
            one, other = next(held, None), next(said, None)
        elif one is None or (other is not None and _place(other) < _place(one)):
            assert other is not None  # noqa: S101 (not both are at their end)
            return WrongClaim(book, other.kind, other.stream, "missing")
        elif (other and _place(one) == _place(other)) or not derived.permits(one):
            return WrongClaim(book, one.kind, one.stream, "unfounded")
        else:
            one = next(held, None)
    return None


def _place(claim: Claim) -> Name:
    return claim.kind, claim.value
