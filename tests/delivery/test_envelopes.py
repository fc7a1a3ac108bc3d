"""Envelopes: what everybody who is told of a fact gets."""

import pytest

from commands.customers import CreateCustomer, create_customer
from commands.payments import CreatePayment, create_payment
from delivery.envelopes import envelope, event_id, position_of, to_json
from delivery.subjects import Subjects

BOOK = "org_x/test"


@pytest.mark.anyio
async def test_an_envelope_says_what_happened_in_the_words_of_today_and_of_before(ledger, book, do):
    ama = await do(create_customer, CreateCustomer(name="Ama"))
    await do(create_payment, CreatePayment(amount=700, currency="GHS", customer_id=ama.id))
    stored = ledger.read(book, limit=99)[-1]
    (occurrence,) = Subjects(ledger).after(book, [stored])

    told = envelope(occurrence, {"id": occurrence.subject.id}, previous_position=2)

    assert told == {
        "id": event_id(book, stored.position),
        "event": "payment.created",
        "type": "payment.created",
        "org_id": book.removesuffix("/test"),
        "mode": "test",
        "api_version": "2026-03-05",
        "timestamp": stored.recorded_at,
        "created_at": stored.recorded_at,
        "position": stored.position,
        "previous_position": 2,
        "customer_version": 1,
        "replay": False,
        "data": {"id": occurrence.subject.id},
    }
    assert b"\n" not in to_json(told)


@pytest.mark.parametrize("position", [0, 1, 15, 16, 4096, 2**53])
def test_an_event_is_found_by_its_id_in_its_book_and_in_no_other(position):
    named = event_id(BOOK, position)

    assert position_of(BOOK, named) == position
    assert position_of("org_x/live", named) is None


@pytest.mark.parametrize(
    "ending", ["", "00", "01", "-1", "+1", " 1", "g", "A", "1_0", "1\n", "f" * 16]
)
def test_what_is_no_id_of_an_event_names_none(ending):
    named = event_id(BOOK, 1)[:-1] + ending

    assert position_of(BOOK, named) is None
