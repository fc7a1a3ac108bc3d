"""Customer commands."""

import asyncio

import pytest
from pydantic import ValidationError

from commands.customers import (
    EMAIL,
    PHONE,
    CreateCustomer,
    PutCustomer,
    UpdateCustomer,
    create_customer,
    customer_known_as,
    delete_customer,
    first_alive,
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


# One external id, as different keyboards, databases and clipboards write it.
ZOE = "zo\u00e9 1"
ZOE_ELSEWHERE = ("zoe\u0301 1", " zo\u00e9 1\t", "\ufeffzo\u00e9\u200b 1", "zo\u00e9\u00ad 1")


@pytest.mark.parametrize("written", ZOE_ELSEWHERE)
async def test_an_external_id_is_one_however_it_is_written(do, written):
    zoe = await do(create_customer, CreateCustomer(external_id=written))

    assert zoe.external_id in (ZOE, "zo\u00e9\u200b 1", "zo\u00e9\u00ad 1")
    for other in (ZOE, *ZOE_ELSEWHERE):
        assert await do(customer_known_as, other) == zoe.id
        put = await do(put_customer, other, PutCustomer(name="Zo\u00e9"))
        assert (put.created, put.customer.id) == (False, zoe.id)
        with pytest.raises(ExternalIdTaken) as refusal:
            await do(create_customer, CreateCustomer(external_id=other))
        assert refusal.value.details["customer_id"] == zoe.id


async def test_an_external_id_written_otherwise_is_no_other_and_free_when_given_up(do):
    zoe = await do(create_customer, CreateCustomer(external_id=ZOE))

    await do(update_customer, zoe.id, UpdateCustomer(external_id="zo\u00e9\u200b 1"))
    assert await do(customer_known_as, ZOE) == zoe.id
    await do(update_customer, zoe.id, UpdateCustomer(external_id="usr_1"))

    other = await do(create_customer, CreateCustomer(external_id=ZOE))
    assert await do(customer_known_as, ZOE_ELSEWHERE[0]) == other.id


async def test_a_number_is_kept_in_one_form_however_it_is_typed(do):
    ada = await do(create_customer, CreateCustomer(phone="+233 024 412 3456"))
    changed = await do(update_customer, ada.id, UpdateCustomer(phone="+2330244123456"))
    put = await do(put_customer, "usr_1", PutCustomer(phone="00233 (0)24-412-3456"))

    for customer in (ada, changed, put.customer):
        assert customer.personal["phone"] == "+233244123456"
    assert changed.version == 1


async def test_a_number_finds_who_has_it_only_where_it_is_valid(do):
    """A number of before Benin's renumbering is kept, and may be somebody else's by now."""
    ada = await do(create_customer, CreateCustomer(phone="+233 024 412 3456"))
    await do(create_customer, CreateCustomer(phone="+22997123456"))

    async def found(phone):
        customer = await do(first_alive, PHONE, phone)
        return customer and customer.id

    assert await found("+233244123456") == ada.id
    assert await found("+22997123456") is None
    assert await found("0244123456") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ZOE\u0301@example.com", "zo\u00e9@example.com"),
        ("STRA\u1e9eE@example.com", "stra\u00dfe@example.com"),
        ("\u0130rem@example.com", "i\u0307rem@example.com"),
    ],
)
async def test_a_mailbox_is_one_in_every_case_and_composition(do, one, other):
    first = await do(create_customer, CreateCustomer(email=one))

    assert (await do(first_alive, EMAIL, other)).id == first.id
    assert (await do(first_alive, EMAIL, one)).id == first.id


async def test_a_sharp_s_is_not_two(do):
    await do(create_customer, CreateCustomer(email="stra\u00dfe@example.com"))

    assert await do(first_alive, EMAIL, "strasse@example.com") is None
