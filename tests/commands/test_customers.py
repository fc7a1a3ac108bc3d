"""Customer commands."""

import asyncio

import pytest
from pydantic import ValidationError

from commands.customers import (
    CreateCustomer,
    PutCustomer,
    UpdateCustomer,
    create_customer,
    customer_known_as,
    delete_customer,
    put_customer,
    update_customer,
)
from domain.customer import CustomerNotFound, ExternalIdTaken

pytestmark = pytest.mark.anyio

ADA = {
    "external_id": "usr_1234",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "phone": "+233501234567",
    "tags": ["premium", "early-adopter"],
    "metadata": {"plan": "pro", "signup_source": "referral"},
}


async def test_a_customer_is_created_with_six_fields(do):
    ada = await do(create_customer, CreateCustomer(**ADA))

    assert ada.id.startswith("cus_")
    assert ada.external_id == "usr_1234"
    assert ada.personal == {field: ADA[field] for field in ("email", "phone", "name")}
    assert (ada.tags, ada.metadata) == (ADA["tags"], ADA["metadata"])


@pytest.mark.parametrize("body", [{}, [], None, {"name": ""}, {"email": None, "tags": None}])
async def test_an_empty_body_creates_an_anonymous_customer(do, body):
    nobody = await do(create_customer, CreateCustomer.model_validate(body))

    assert nobody.personal == {"email": None, "phone": None, "name": None}


async def test_null_clears_a_field_and_absence_does_not(do):
    ada = await do(create_customer, CreateCustomer(**ADA))

    changed = await do(
        update_customer, ada.id, UpdateCustomer.model_validate({"email": None, "name": ""})
    )

    assert changed.personal == {"email": None, "phone": ADA["phone"], "name": "Ada Lovelace"}


async def test_an_external_id_may_be_changed_and_the_old_one_is_free_again(do):
    ada = await do(create_customer, CreateCustomer(external_id="usr_1"))

    await do(update_customer, ada.id, UpdateCustomer(external_id="usr_2"))

    assert await do(customer_known_as, "usr_2") == ada.id
    other = await do(create_customer, CreateCustomer(external_id="usr_1"))
    assert await do(customer_known_as, "usr_1") == other.id


async def test_an_external_id_of_another_is_refused_on_update_too(do):
    ada = await do(create_customer, CreateCustomer(external_id="usr_1"))
    other = await do(create_customer, CreateCustomer(external_id="usr_2"))

    with pytest.raises(ExternalIdTaken) as refusal:
        await do(update_customer, other.id, UpdateCustomer(external_id="usr_1"))

    assert refusal.value.details == {
        "field": "external_id",
        "external_id": "usr_1",
        "customer_id": ada.id,
    }
    assert await do(customer_known_as, "usr_2") == other.id


async def test_deleting_frees_the_external_id(do):
    ada = await do(create_customer, CreateCustomer(**ADA))

    await do(delete_customer, ada.id)

    with pytest.raises(CustomerNotFound):
        await do(customer_known_as, "usr_1234")
    with pytest.raises(CustomerNotFound):
        await do(delete_customer, ada.id)
    again = await do(create_customer, CreateCustomer(**ADA))
    assert again.id != ada.id


async def test_two_customers_may_share_an_email(do):
    first = await do(create_customer, CreateCustomer(email="ada@example.com"))
    second = await do(create_customer, CreateCustomer(email="ada@example.com"))

    assert first.id != second.id


async def test_two_books_do_not_know_each_other(do, live):
    await do(create_customer, CreateCustomer(external_id="usr_1"))

    there = await do(create_customer, CreateCustomer(external_id="usr_1"), book=live)

    assert await do(customer_known_as, "usr_1", book=live) == there.id


async def test_put_creates_and_then_updates(do):
    made = await do(put_customer, "usr_1", PutCustomer(name="Ada", tags=["vip"]))
    changed = await do(put_customer, "usr_1", PutCustomer(name="Ada King"))

    assert (made.created, changed.created) == (True, False)
    assert made.customer.id == changed.customer.id
    assert changed.customer.personal["name"] == "Ada King"
    assert changed.customer.tags == ["vip"]


async def test_parallel_puts_make_one_customer(do):
    results = await asyncio.gather(
        *(do(put_customer, "usr_1", PutCustomer(name=f"Ada {n}")) for n in range(50))
    )

    assert len({result.customer.id for result in results}) == 1
    assert [result.created for result in results].count(True) == 1


async def test_an_unknown_customer_is_not_found(do):
    for unknown in ("cus_nobody", "cus_" + "0" * 26, "", "\x00"):
        with pytest.raises(CustomerNotFound):
            await do(update_customer, unknown, UpdateCustomer(name="Ada"))


async def test_a_payment_is_not_a_customer(do, shop):
    with pytest.raises(CustomerNotFound):
        await do(delete_customer, shop.org_id)


@pytest.mark.parametrize("field", ["external_id", "email", "phone", "name", "tags", "metadata"])
async def test_each_field_is_validated(field):
    with pytest.raises(ValidationError, match=field):
        CreateCustomer.model_validate({field: 5})
