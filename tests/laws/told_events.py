"""What others must be told of a life, by the oracle: which events there are, of whom, how often.

Nothing here knows of facts. Of subscriptions and invoices only what is exactly foreseen is asked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from oracle import Bought, Oracle, Person

Event = dict[str, Any]
# Of what, by its id, and how it is called.
Happened = Counter[tuple[str, str]]

# What a payment becoming so is called, unless a dispute has just been decided.
_BECAME = {
    "authorized": "payment.updated",
    "partially_captured": "payment.updated",
    "succeeded": "payment.succeeded",
    "failed": "payment.failed",
    "pending": "payment.pending",
    "canceled": "payment.canceled",
    "expired": "payment.expired",
    "refunded": "payment.refunded",
    "partially_refunded": "payment.refunded",
    "disputed": "payment.disputed",
}
_FORESEEN = (
    *("payment.", "customer.", "invoice.created", "invoice.paid"),
    *("subscription.created", "subscription.renewed", "subscription.canceled"),
)


def expected_events(oracle: Oracle) -> Happened:
    """Everything that others must have been told by now, as often as they must."""
    found: Happened = Counter()
    for card in oracle.payments:
        found.update((card.id, type_) for type_ in _of_payment(card))
    for person in oracle.people.values():
        found.update((person.id, type_) for type_ in _of_person(person))
    for member in oracle.memberships:
        found[member.id, "subscription.created"] += 1
        found[member.id, "subscription.renewed"] += len(member.bills)
        found[member.id, "subscription.canceled"] += member.status == "canceled"
    for billed in oracle.bills:
        found[billed.id, "invoice.created"] += 1
        found[billed.id, "invoice.paid"] += billed.status == "paid"
    return +found


def told_events(events: Iterable[Event]) -> Happened:
    """What somebody was told, of that which is foreseen."""
    return Counter(
        (subject_of(told), told["type"]) for told in events if told["type"].startswith(_FORESEEN)
    )


def subject_of(told: Event) -> str:
    """Of a refund, the payment."""
    data = told["data"]
    return str(data["payment_id"] if told["type"] == "payment.refunded" else data["id"])


def customer_of(told: Event) -> str | None:
    """Whom it is about; None: nobody who was known then."""
    data = told["data"]
    about: str | None = data["id"] if told["type"].startswith("customer.") else data["customer_id"]
    return about


def assert_each_names_the_one_before(events: Iterable[Event]) -> None:
    """Of the same customer, among those that somebody was told."""
    last: dict[str, int] = {}
    for told in events:
        whom = customer_of(told)
        assert told["previous_position"] == (last.get(whom) if whom else None)
        if whom:
            last[whom] = told["position"]


def assert_the_last_word_is_how_it_stands(events: Iterable[Event], oracle: Oracle) -> None:
    """What was told of a payment last is what its card says."""
    last = {
        subject_of(told): told["data"].get("payment", told["data"])
        for told in events
        if told["type"].startswith("payment.")
    }
    cards = {card.id: card for card in oracle.payments}
    assert {name: _stands(payment) for name, payment in last.items()} == {
        name: (card.status, card.amount, card.customer) for name, card in cards.items()
    }


def _stands(payment: Mapping[str, Any]) -> tuple[Any, ...]:
    return payment["status"], payment["amount"], payment["customer_id"]


def _of_payment(card: Bought) -> Iterator[str]:
    yield "payment.created"
    for (_, before), (_, status) in pairwise([(None, ""), *card.became]):
        yield "payment.updated" if before == "disputed" else _BECAME[status]
    if card.attached_at is not None:
        yield "payment.updated"
    if card.rest_let_go:
        yield "payment.updated"


def _of_person(person: Person) -> Iterator[str]:
    yield "customer.created"
    names = [None, *(name for _, name in person.names)]
    for before, name in pairwise(names):
        if name != before:
            yield "customer.updated"
    # Whoever became known by a payment had an address from the start.
    if person.email is not None and person.tags:
        yield "customer.updated"
    if person.deleted:
        yield "customer.deleted"
