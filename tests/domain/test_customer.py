"""Customers: what may happen to one."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest

from domain.customer import Customer, CustomerNotFound

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def ama():
    return Customer.register(
        "cus_1",
        external_id="usr_1",
        email="ama@example.com",
        phone="+233501234567",
        name="Ama Owusu",
        tags=["vip"],
        metadata={"plan": "pro"},
        now=NOW,
    )


def test_a_customer_needs_nothing_to_be_registered():
    nobody = Customer.register("cus_1", now=NOW)

    assert nobody.external_id is None
    assert nobody.personal == {"email": None, "phone": None, "name": None}
    assert (nobody.tags, nobody.metadata) == ([], {})


def test_personal_data_is_in_one_field_only(ama):
    registered = ama.pending_events[0]

    apart = {name: value for name, value in vars(registered).items() if name != "personal"}
    assert registered.personal["name"] == "Ama Owusu"
    assert "Ama" not in repr(apart)
    assert "ama@" not in repr(apart)


def test_an_update_changes_what_it_names_and_the_fact_tells_the_whole_profile(ama):
    ama.update({"name": "Ama O.", "tags": None}, LATER)

    updated = ama.pending_events[-1]
    assert updated.personal == {
        "email": "ama@example.com",
        "phone": "+233501234567",
        "name": "Ama O.",
    }
    assert updated.external_id == "usr_1"
    assert updated.tags == []
    assert updated.metadata == {"plan": "pro"}
    assert ama.updated_at == LATER


def test_none_clears_a_field(ama):
    ama.update({"email": None, "external_id": None, "metadata": None}, LATER)

    assert ama.personal["email"] is None
    assert ama.external_id is None
    assert ama.metadata == {}


def test_an_update_that_changes_nothing_records_nothing(ama):
    ama.update({"name": "Ama Owusu", "tags": ["vip"]}, LATER)

    assert len(ama.pending_events) == 1


def test_what_a_payment_brings_fills_gaps_and_never_overwrites(ama):
    ama.update({"phone": None}, LATER)

    ama.fill_in(LATER, phone="+233200000000", email="other@example.com")

    assert ama.personal["phone"] == "+233200000000"
    assert ama.personal["email"] == "ama@example.com"


def test_a_deleted_customer_is_no_longer_there(ama):
    ama.delete(LATER)

    with pytest.raises(CustomerNotFound):
        ama.update({"name": "Ama"}, LATER)
    with pytest.raises(CustomerNotFound):
        ama.delete(LATER)


def test_what_happens_to_a_copy_does_not_happen_to_the_original(ama):
    before = deepcopy(vars(ama))

    twin = ama.copy()
    twin.update({"tags": ["new"], "metadata": {}}, LATER)
    twin.delete(LATER)

    assert vars(ama) == before


def test_replaying_the_facts_gives_the_same_customer(ama):
    ama.update({"name": "Ama O."}, LATER)
    ama.delete(LATER)

    replayed = None
    for fact in ama.collect_events():
        replayed = fact.mutate(replayed)

    assert replayed == ama


def test_whoever_took_their_data_is_recorded_also_of_somebody_deleted(ama):
    ama.delete(NOW)
    ama.collect_events()

    ama.take_data("key_1", LATER)

    [taken] = ama.collect_events()
    assert isinstance(taken, Customer.DataTaken)
    assert (taken.asked_by, taken.occurred_at) == ("key_1", LATER)
    assert ama.deleted
