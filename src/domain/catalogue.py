"""Event catalogue: the facts there are; ``docs/events.md`` and stored examples are held to it."""

import sys
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from inspect import get_annotations
from types import NoneType, UnionType
from typing import Any, Final, NotRequired, get_args, get_origin, is_typeddict

from domain.checkout_session import CheckoutSession
from domain.console_session import ConsoleSession
from domain.customer import Customer
from domain.fact import Entity, Fact, FirstFact
from domain.imported_key import ImportedKey
from domain.integration import Integration
from domain.invoice import Invoice
from domain.message_template import MessageTemplate
from domain.organization import Organization
from domain.payer_details import PayerDetails
from domain.payment import Payment
from domain.payment_link import PaymentLink
from domain.subscription import Subscription
from domain.user import User
from domain.webhook_endpoint import WebhookEndpoint
from domain.workflow_rule import WorkflowRule

AGGREGATES: Final[tuple[type[Entity], ...]] = (
    Organization,
    ImportedKey,
    User,
    ConsoleSession,
    Customer,
    PayerDetails,
    Payment,
    PaymentLink,
    CheckoutSession,
    Subscription,
    Invoice,
    WebhookEndpoint,
    WorkflowRule,
    MessageTemplate,
    Integration,
)

_JSON = {
    str: "text",
    int: "integer",
    bool: "true or false",
    dict: "object",
    datetime: "time",
    NoneType: "null",
}

# Columns of the ledger, beside the fact and not in it.
_COLUMNS = {"originator_id", "originator_version", "timestamp"}


def facts_of(aggregate: type[Entity]) -> list[type[Fact]]:
    """The facts of a kind of aggregate, the one that begins its stream first."""
    named = [
        value
        for name, value in vars(aggregate).items()
        if isinstance(value, type) and issubclass(value, Fact) and name != "Event"
    ]
    return sorted(named, key=lambda fact: not issubclass(fact, FirstFact))


def as_written(fact: type[Fact]) -> type[Fact]:
    """The class as it stands in the source; the library wires a subclass of it to its evolve."""
    return next(written for written in fact.__mro__ if "TOPIC" in vars(written))


def events_page() -> str:
    """The text of ``docs/events.md``."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# Facts"
    yield ""
    yield "Generated from the event classes: `python -m domain.catalogue > docs/events.md`."
    yield ""
    yield "Beside each fact the ledger keeps the book, the position in it, the stream (the id of"
    yield "what it happened to), the version in the stream, the context (actor, key, request,"
    yield "cause), when it was recorded, and a digest. `occurred_at` is when it happened in the"
    yield "world. Amounts are integers in the currency's minor unit; times are RFC 3339 in UTC."
    yield "`originator_topic` says what kind of thing a stream is about."
    for aggregate in AGGREGATES:
        yield ""
        yield f"## {aggregate.__name__}"
        shared = _fields(aggregate.Event)
        yield ""
        yield f"{as_written(aggregate.Event).__doc__} Every fact has:"
        yield ""
        yield from _table(shared)
        for fact in facts_of(aggregate):
            yield from _section(fact, without=set(shared))
    yield ""


def _section(fact: type[Fact], *, without: set[str]) -> Iterator[str]:
    own = {name: kind for name, kind in _fields(fact).items() if name not in without}
    yield ""
    yield f"### `{fact.TOPIC}`"
    yield ""
    yield str(as_written(fact).__doc__)
    if own:
        yield ""
        yield from _table(own)


def _table(kinds: dict[str, str]) -> Iterator[str]:
    yield "| field | type |"
    yield "|---|---|"
    for name, kind in kinds.items():
        yield f"| `{name}` | {kind} |"


def _fields(fact: type[Fact]) -> dict[str, str]:
    annotations: dict[str, Any] = {}
    for ancestor in reversed(fact.__mro__):
        annotations |= get_annotations(ancestor)
    return {
        field.name: _shown(annotations[field.name])
        for field in fields(fact)
        if field.name not in _COLUMNS
    }


def _shown(annotation: Any) -> str:
    """A type as a reader of JSON knows it."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is UnionType:
        return " or ".join(_shown(part) for part in parts)
    if origin is NotRequired:
        return f"{_shown(parts[0])}, not in older facts"
    if origin is list:
        return f"list of {_shown(parts[0])}"
    if is_typeddict(annotation):
        inner = get_annotations(annotation).items()
        return "object: " + ", ".join(f"`{name}` ({_shown(kind)})" for name, kind in inner)
    return _JSON[origin or annotation]


if __name__ == "__main__":
    sys.stdout.write(events_page())
