"""A batch of appends, written in one transaction.

First all of it is tried, having looked up only what no constraint can prove. When that is not
enough to be sure, or a constraint refuses, it is done again with everything looked up.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

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
from ledger.distribution import together
from ledger.outcomes import Head, Known, Plan, plan, streams_to_look_up
from ledger.schema import books, claims, events, replies
from ledger.writer_connection import WriterConnection


class Batch:
    """Appends that are written together, and what is remembered between attempts to do so."""

    def __init__(self, appends: Sequence[Append]) -> None:
        self.appends = appends
        # Plans whose COMMIT was sent and never answered.
        self._unsure: list[Plan] = []

    def write(self, writer: WriterConnection, clock: Clock) -> Plan:
        """Writes it and commits, or finds that an earlier attempt has. May be called again.

        Raises what the database raises; nothing is kept of an attempt that failed before COMMIT.
        """
        try:
            done = self._attempt(writer, clock, informed=False)
        except IntegrityError:
            done = None
        if done is None:
            done = self._attempt(writer, clock, informed=True)
        if done is None:
            raise RuntimeError("a batch that knows everything has not been written")
        return done

    def _attempt(self, writer: WriterConnection, clock: Clock, *, informed: bool) -> Plan | None:
        with writer.transaction() as (connection, transaction):
            heads = lock_heads(connection, {append.book for append in self.appends})
            for earlier in self._unsure:
                if is_recorded(connection, earlier):
                    return earlier
            known = look_up(connection, self.appends, heads, informed=informed)
            intended = plan(self.appends, known, written(clock()))
            if not (informed or intended.proven):
                return None
            store_plan(connection, intended)
            self._unsure.append(intended)
            transaction.commit()
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
    streams = streams_to_look_up(appends)
    if not informed:
        return Known(heads, _versions(connection, streams))
    streams |= {(append.book, stream) for append in appends for stream in append.expected}
    return Known(
        heads,
        _versions(connection, streams),
        _owners(connection, appends),
        _replies(connection, appends),
    )


def store_plan(connection: Connection, intended: Plan) -> None:
    """One statement for each table that has something to write, however many books there are."""
    insert_rows(connection, events, intended.events)
    delete_rows(
        connection,
        (claims.c.book, claims.c.kind, claims.c.value, claims.c.stream),
        list(intended.released),
    )
    insert_rows(
        connection, claims, [(*value, stream) for value, stream in intended.claimed.items()]
    )
    delete_rows(connection, (replies.c.book, replies.c.key), intended.expired)
    insert_rows(
        connection,
        replies,
        [
            (*key, kept.fingerprint, kept.status, kept.body, kept.position, kept.expires_at)
            for key, kept in intended.replies.items()
        ],
    )
    replace_rows(
        connection,
        books,
        [
            (book, head.position, head.digest, head.recorded_at)
            for book, head in intended.heads.items()
        ],
    )


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
