"""Envelopes: how a fact is told to others, the same by webhook, in the feed and in its stream."""

import re
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import Any, Final

import orjson

from delivery.subjects import Occurrence
from domain.book import Book
from domain.event_types import event_of, type_of

API_VERSION: Final = "2026-03-05"

# The object that a fact is about, in the words of the wire, right after it.
DataOf = Callable[[Occurrence], dict[str, Any]]

_BOOK_DIGITS: Final = 8
_ID: Final = re.compile(rf"evt_([0-9a-f]{{{_BOOK_DIGITS}}})(0|[1-9a-f][0-9a-f]{{0,14}})")


def envelope(
    occurrence: Occurrence,
    data: dict[str, Any],
    *,
    previous_position: int | None,
    replay: bool = False,
) -> dict[str, Any]:
    """What all who are told get; ``data`` is what the fact is about, right after it.

    ``previous_position``: of the fact about the same customer that the same reader was told of
    before; None when there is none, or when it is about nobody who is known.
    ``customer_version`` counts what was recorded of the customer in ``data``, to tell which of
    two is newer.
    """
    stored, customer = occurrence.stored, occurrence.customer
    book, type_ = Book.named(stored.book), type_of(stored.topic) or stored.topic
    return {
        "id": event_id(stored.book, stored.position),
        "event": event_of(type_),
        "type": type_,
        "org_id": book.org_id,
        "mode": book.mode,
        "api_version": API_VERSION,
        "timestamp": stored.recorded_at,
        "created_at": stored.recorded_at,
        "position": stored.position,
        "previous_position": previous_position,
        "customer_version": customer and customer.version,
        "replay": replay,
        "data": data,
    }


def to_json(told: dict[str, Any]) -> bytes:
    """One line, with moments in UTC written as the API writes them."""
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)


def event_id(book: str, position: int) -> str:
    """What a fact is called by whoever is told of it, as often as they are."""
    return f"evt_{_digits_of(book)}{position:x}"


def position_of(book: str, named: str) -> int | None:
    """The position of the fact that is called so in this book; None: nothing could be."""
    found = _ID.fullmatch(named)
    if found is None or found[1] != _digits_of(book):
        return None
    return int(found[2], 16)


@cache
def _digits_of(book: str) -> str:
    return sha256(book.encode()).hexdigest()[:_BOOK_DIGITS]
