"""What people see of customers who see them only when they ask."""

import time
from urllib.parse import urlencode

import pytest

from console.fields import read_form
from console.masking import Covered, masked, masked_text, unmasked

AMA = {
    "id": "cus_1",
    "external_id": "ama@gmail.com",
    "email": "ama.mensah@gmail.com",
    "phone": "+233501234589",
    "name": "Ama Mensah",
    "tags": ["vip"],
    "total_spent": 1250,
}


def test_a_customer_is_told_apart_and_not_known():
    assert masked(AMA) == {
        "id": "cus_1",
        "external_id": "a•••@g•••.com",
        "email": "a•••@g•••.com",
        "phone": "+233 ••• •• 89",
        "name": "A••• M•••",
        "tags": ["vip"],
        "total_spent": 1250,
    }


def test_what_is_not_known_of_somebody_is_not_covered():
    assert masked({"email": None, "phone": None, "name": None}) == {
        "email": None,
        "phone": None,
        "name": None,
    }


@pytest.mark.parametrize(
    "place",
    [
        lambda person: {"customers": [person], "pagination": {"total": 1}},
        lambda person: {"data": {"payment": {"customer": person}}},
        lambda person: {"data": {"personal": person}},
        lambda person: {"prefill": person, "payer": person},
    ],
    ids=["a list", "an event", "a fact", "a page"],
)
def test_wherever_they_stand(place):
    said = repr(masked(place(AMA)))

    assert not [each for each in ("Ama", "Mensah", "gmail", "0501", "5012345") if each in said]


def test_a_link_and_a_plan_keep_their_names():
    link = {"id": "pl_1", "name": "Summer Sale", "description": "Premium", "amount": 100}

    assert masked(link) == link
    assert masked({"customer_name": "Ama Mensah", "source_description": "Summer Sale"}) == {
        "customer_name": "A••• M•••",
        "source_description": "Summer Sale",
    }


def test_addresses_and_numbers_are_covered_in_whatever_is_written():
    note = "Call +233501234589 or write to <ama@gmail.com>, order 1234567"

    assert masked_text(note) == "Call +233 ••• •• 89 or write to <a•••@g•••.com>, order 1234567"
    assert masked({"metadata": {"note": note}})["metadata"]["note"] == masked_text(note)


def test_what_somebody_was_told_is_covered_and_a_template_is_not():
    message = {"event_id": "evt_1", "subject": "Thank you, Ama", "text": "Dear Ama", "html": None}
    template = {"id": "tpl_1", "name": "Receipt", "subject": "Thank you", "text": "Dear {{name}}"}

    assert masked(message) == {
        "event_id": "evt_1",
        "subject": "•••",
        "text": "•••",
        "html": None,
    }
    assert masked(template) == template
    assert masked({"response": "hello Ama", "response_code": 200}) == {
        "response": "•••",
        "response_code": 200,
    }


def test_what_is_sent_as_it_was_shown_changes_nothing():
    form = {"name": "A••• M•••", "email": "a•••@g•••.com", "phone": "+233 ••• •• 89", "tags": ["x"]}

    assert unmasked(form) == {"tags": ["x"]}
    assert unmasked(form | {"name": "Ama Owusu"}) == {"tags": ["x"], "name": "Ama Owusu"}


@pytest.mark.parametrize(
    "form",
    [
        {"email": "ama.o•••@g•••.com"},
        {"tags": ["vip", "a•••@g•••.com"]},
        {"metadata": {"note": "+233 ••• •• 89"}},
    ],
)
def test_what_was_changed_around_a_cover_is_refused(form):
    with pytest.raises(Covered) as refused:
        unmasked(form)

    assert refused.value.message.startswith(f"{next(iter(form))}: is covered in part")


def test_a_form_keeps_what_was_covered_and_is_left_empty():
    sent = {"covered.email": "a•••@g•••.com", "email": "", "covered.name": "A•••", "name": "Efua"}

    form = read_form(urlencode(sent).encode())

    assert (form["email"], form["name"]) == ("a•••@g•••.com", "Efua")


@pytest.mark.parametrize("number", ["0501234589", "+000", "+1"])
def test_a_number_of_nowhere_shows_its_end_alone(number):
    assert masked({"phone": number}) == {"phone": f"••• •• {number[-2:]}"}


def test_what_only_begins_like_an_address_keeps_nobody_waiting():
    began = time.process_time()

    masked_text("a" * 32_000 + "@" + "." * 32_000)

    assert time.process_time() - began < 1


def test_moments_and_ids_are_what_they_are():
    fact = {"occurred_at": "2026-11-28T15:00:00.000000+00:00", "key_id": "key_01m8", "position": 3}

    assert masked(fact) == fact
