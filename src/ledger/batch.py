"""A batch of appends, written together or not at all.

On PostgreSQL it is one statement, from what is known of the books (`ledger.one_statement`). Where
that is not enough, and everywhere else, it is a transaction under the lock of the heads: first with
what no constraint can prove looked up, and when a constraint refuses, with everything.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from ledger.append import Append, Replied
from ledger.bulk_statements import (
    delete_rows,
    insert_missing,
    insert_rows,
    locking,
    replace_rows,
    select_highest,
    select_rows,
)
from ledger.chain import genesis
from ledger.clock import Clock, written
from ledger.distribution import is_distributed, together
from ledger.one_statement import Found, write_at_once, write_locked
from ledger.outcomes import (
    Head,
    Known,
    Plan,
    plan,
    streams_without_expectation,
    unproven_versions,
)
from ledger.schema import books, claims, events, replies
from ledger.writer_connection import WriterConnection

# Who is faster once may be slower next; who is faster again may be so for ever.
_TRIES_WITHOUT_LOCK = 2
_LOCK_NOT_AVAILABLE = "55P03"


class _GuessRefused(Exception):  # noqa: N818 (it is a reason to look)
    """Something is not as it was taken to be; nothing was written."""


class Batch:
    """Appends that are written together, and what is remembered between attempts to do so."""

    def __init__(self, appends: Sequence[Append]) -> None:
        self.appends = appends
        self.books = {append.book for append in appends}
        # Plans that were sent and never answered.
        self._unsure: list[Plan] = []

    @property
    def was_refused(self) -> bool:
        """Nothing of it is written, nor will be by what was sent."""
        return not self._unsure

    def write(self, writer: WriterConnection, clock: Clock) -> Plan:
        """Writes it and commits, or finds that an earlier attempt has. May be called again.

        Raises what the database raises; nothing is kept of an attempt that was refused.
        """
        try:
            done = self._at_once(writer, clock)
            return done or self._under_lock(writer, clock, informed=False)
        except _GuessRefused:
            # Whatever was said: the driver has no class of its own for a value that is taken, and
            # a cluster none that can be relied on.
            return self._under_lock(writer, clock, informed=True)

    def _at_once(self, writer: WriterConnection, clock: Clock) -> Plan | None:
        """None when too little is known for it."""
        for _ in range(_TRIES_WITHOUT_LOCK):
            # What may still be under way has ended once its heads are locked.
            heads = None if self._unsure else writer.known_heads.of(self.books)
            if heads is None:
                return None
            intended, found = self._sent_at_once(writer, heads, written(clock()))
            if found.is_written:
                writer.known_heads.learn(intended.heads)
                return intended
            if found.heads == heads:
                raise _GuessRefused
            writer.known_heads.learn(found.heads)
        writer.known_heads.contest(self.books)
        return None

    def _sent_at_once(
        self, writer: WriterConnection, heads: dict[str, Head], now: str
    ) -> tuple[Plan, Found]:
        with writer.statements() as connection:
            # As of now or later: should more have been written since, a head has moved.
            versions = _versions(connection, streams_without_expectation(self.appends))
            assumed = {
                stream: version
                for stream, version in unproven_versions(self.appends).items()
                if stream not in versions
            }
            intended = plan(self.appends, Known({**heads}, assumed | versions), now)
            if not intended.proven:
                raise _GuessRefused
            self._unsure.append(intended)
            try:
                found = write_at_once(connection, intended, heads, assumed)
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise
                self._unsure.clear()
                if is_lock_timeout(error):
                    # Whoever has it may be gone when it is asked for again, under the lock.
                    writer.known_heads.contest(self.books)
                    raise
                raise _GuessRefused from error
            self._unsure.clear()
        return intended, found

    def _under_lock(self, writer: WriterConnection, clock: Clock, *, informed: bool) -> Plan:
        with writer.transaction() as (connection, transaction):
            heads = lock_heads(connection, self.books)
            for earlier in self._unsure:
                if is_recorded(connection, earlier):
                    return earlier
            known = look_up(connection, self.appends, {**heads}, informed=informed)
            intended = plan(self.appends, known, written(clock()))
            if not (informed or intended.proven):
                raise _GuessRefused
            try:
                store_plan(connection, intended, heads)
            except DBAPIError as error:
                if informed or error.connection_invalidated:
                    raise
                raise _GuessRefused from error
            self._unsure.append(intended)
            transaction.commit()
            if _takes_all_at_once(connection):
                writer.known_heads.learn({**heads, **intended.heads})
        return intended


def lock_heads(connection: Connection, names: Iterable[str]) -> dict[str, Head]:
    """The heads of the books, locked in sorted order; a book never written gets one first."""
    asked = sorted(names)
    heads = _locked(connection, asked)
    new = [name for name in asked if name not in heads]
    if new:
        empty = [
            {"book": name, "position": 0, "digest": genesis(name), "recorded_at": ""}
            for name in new
        ]
        insert_missing(connection, books, empty)
        heads |= _locked(connection, new)
    return heads


def _locked(connection: Connection, names: Sequence[str]) -> dict[str, Head]:
    return {
        book: Head(position, digest, recorded_at)
        for part in together(connection, names)
        for book, position, digest, recorded_at in connection.exec_driver_sql(
            *locking(connection, books.c.book, part)
        )
    }


def is_recorded(connection: Connection, earlier: Plan) -> bool:
    """Whether a plan whose commit was never answered has been committed after all.

    To be asked under the lock of its books, so that a commit still on its way has ended. A digest
    stands for the fact, the moment it was recorded and everything before it, and a transaction is
    whole: so one of its facts speaks for all. (A plan without facts may be done twice.)
    """
    if not earlier.events:
        return False
    book, position, *_, digest = earlier.events[-1]
    found = connection.execute(
        select(events.c.digest).where(events.c.book == book, events.c.position == position)
    )
    return found.scalar() == digest


def look_up(
    connection: Connection, appends: Sequence[Append], heads: dict[str, Head], *, informed: bool
) -> Known:
    """What the plan has to know; ``informed`` looks up everything the appends touch."""
    streams = streams_without_expectation(appends) | unproven_versions(appends).keys()
    if not informed:
        return Known(heads, _versions(connection, streams))
    streams |= {(append.book, stream) for append in appends for stream in append.expected}
    return Known(
        heads,
        _versions(connection, streams),
        _owners(connection, appends),
        _replies(connection, appends),
    )


def store_plan(connection: Connection, intended: Plan, heads: Mapping[str, Head]) -> None:
    """Writes a plan under the lock of the heads, which are as given."""
    if _takes_all_at_once(connection):
        write_locked(connection, intended, heads)
        return
    insert_rows(connection, events, intended.events)
    delete_rows(
        connection,
        (claims.c.book, claims.c.kind, claims.c.value, claims.c.stream),
        list(intended.released),
    )
    insert_rows(connection, claims, intended.claim_rows)
    delete_rows(connection, (replies.c.book, replies.c.key), intended.expired)
    insert_rows(connection, replies, intended.reply_rows)
    replace_rows(connection, books, intended.head_rows)


def is_lock_timeout(error: Exception) -> bool:
    """Whether somebody else has what was to be locked."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) == _LOCK_NOT_AVAILABLE


def _takes_all_at_once(connection: Connection) -> bool:
    """One PostgreSQL does; a cluster takes no insert within another statement."""
    return connection.dialect.name == "postgresql" and not is_distributed(connection)


def _versions(
    connection: Connection, streams: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    keys = (events.c.book, events.c.stream)
    found = select_highest(connection, keys, events.c.version, list(streams))
    return {(book, stream): version for book, stream, version in found}


def _owners(connection: Connection, appends: Sequence[Append]) -> dict[tuple[str, str, str], str]:
    values = {
        (append.book, claim.kind, claim.value)
        for append in appends
        for claim in (*append.claims, *append.releases)
    }
    keys = (claims.c.book, claims.c.kind, claims.c.value)
    found = select_rows(connection, keys, list(values))
    return {(book, kind, value): stream for book, kind, value, stream in found}


def _replies(connection: Connection, appends: Sequence[Append]) -> dict[tuple[str, str], Replied]:
    asked = {(append.book, append.reply.key) for append in appends if append.reply is not None}
    found = select_rows(connection, (replies.c.book, replies.c.key), list(asked))
    return {(book, key): Replied(*kept) for book, key, *kept in found}
