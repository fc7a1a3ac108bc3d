"""Payment links through the official client, and by their payers, over HTTP."""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import requests
from reevit import ReevitAPIError

pytestmark = pytest.mark.filterwarnings("ignore:org_id should be provided:DeprecationWarning")

SUMMER = {"name": "Summer Sale - Premium Plan", "amount": 9900, "currency": "GHS"}
FIRST_TOUCH = ("converted_customers", "converted_revenue", "later_revenue")
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "phone": "0501234567"}


def begin(shop, link, **said):
    return requests.post(f"{shop.url}/v1/pay/{link['code']}/pay", json=said, timeout=30)


def confirm(shop, payment):
    return requests.post(
        f"{shop.url}/v1/payments/{payment['id']}/confirm-intent",
        params={"client_secret": payment["client_secret"]},
        timeout=30,
    )


def pay(shop, link, **said):
    payment = begin(shop, link, **(ADA | said)).json()
    return confirm(shop, payment).json()


def test_the_history_of_who_paid_through_a_link_names_the_campaign(client, shop):
    link = client.payment_links.create(SUMMER)

    paid = pay(shop, link)

    assert paid["status"] == "succeeded"
    customer = client.customers.list(search="ada@example.com")[0]
    [row] = client.customers.payment_history(customer["id"])
    assert (row["source"], row["source_id"], row["source_description"]) == (
        "payment_link",
        link["id"],
        "Summer Sale - Premium Plan",
    )
    assert client.customers.get(customer["id"])["acquisition"]["source_id"] == link["id"]


def test_a_new_name_does_not_rewrite_what_was_paid_before(client, shop):
    link = client.payment_links.create(SUMMER)
    pay(shop, link)

    client.payment_links.update(link["id"], {"name": "Autumn Sale"})
    pay(shop, link)

    names = [row["source_description"] for row in client.payment_links.list_payments(link["id"])]
    assert names == ["Autumn Sale", "Summer Sale - Premium Plan"]


def test_a_link_is_found_by_its_id_and_by_its_code(client):
    link = client.payment_links.create(SUMMER | {"metadata": {"campaign": "june"}})

    assert link["id"].startswith("pl_")
    assert link["code"].startswith("lnk_")
    assert client.payment_links.get(link["id"]) == client.payment_links.get(link["code"]) == link
    assert client.payment_links.get_stats(link["code"])["payment_link_id"] == link["id"]
    assert client.payment_links.get_by_code(link["code"])["name"] == SUMMER["name"]
    assert client.payment_links.get_by_code(link["id"])["code"] == link["code"]


def test_the_public_page_tells_nothing_between_merchant_and_service(client, shop):
    link = client.payment_links.create(
        SUMMER | {"metadata": {"margin": 0.4}, "webhook_url": "https://shop.example/hook"}
    )

    seen = requests.get(f"{shop.url}/v1/pay/{link['code']}", timeout=30).json()

    assert (seen["customer"], seen["prefill"]) == (None, None)
    assert set(seen).isdisjoint(
        {"metadata", "webhook_url", "org_id", "uses", "views", "reference", "customer_id"}
    )
    assert seen["amount"] == 9900


def test_a_link_made_for_one_customer_is_filled_in_and_paid_by_nobody_else(client, shop):
    ada = client.customers.create(ADA | {"phone": "+233501234567"})
    link = client.payment_links.create(SUMMER | {"customer_id": ada["id"]})

    seen = client.payment_links.get_by_code(link["code"])
    paid = pay(shop, link, email="grace@example.com", name="Grace Hopper")

    assert seen["customer"] == {"id": ada["id"], **ADA, "phone": "+233501234567"}
    assert seen["prefill"]["email"] == "ada@example.com"
    assert paid["customer_id"] is None
    assert client.payments.get(paid["id"])["customer_id"] == ada["id"]
    assert len(client.customers.list()) == 1
    page = requests.get(link["url"], timeout=30).text
    assert 'value="ada@example.com"' in page


def test_a_look_is_counted_and_so_is_each_payment(client, shop):
    link = client.payment_links.create(SUMMER)
    client.payment_links.get_by_code(link["code"])
    pay(shop, link)
    begin(shop, link, **ADA)

    stats = client.payment_links.get_stats(link["id"])

    assert (stats["views"], stats["visits"]) == (1, 1)
    assert (stats["payments"], stats["payments_count"], stats["successful_payments"]) == (2, 2, 1)
    assert stats["conversion_rate"] == 1.0
    assert stats["total_revenue"] == stats["total_amount"] == 9900


def test_a_link_is_credited_with_whom_it_converted_and_what_they_paid_after(client, shop):
    summer = client.payment_links.create(SUMMER)
    winter = client.payment_links.create(SUMMER | {"name": "Winter Sale", "amount": 500})
    pay(shop, summer)
    pay(shop, winter)
    pay(shop, winter, email="grace@example.com", phone=None, name="Grace Hopper")
    client.payments.create_intent(
        {"amount": 4000, "currency": "GHS", "customer_id": "ada@example.com"}
    )
    client.payments.create_intent(
        {"amount": 4000, "currency": "NGN", "customer_id": "ada@example.com"}
    )

    credited = {link["id"]: client.payment_links.get_stats(link["id"]) for link in (summer, winter)}

    def told(link):
        stats = credited[link["id"]]
        return tuple(stats[f"{name}"] for name in FIRST_TOUCH)

    assert told(summer) == (1, 9900 + 500 + 4000, 500 + 4000)
    assert told(winter) == (1, 500, 0)


def test_links_are_listed_changed_switched_off_and_taken_down(client, shop):
    first = client.payment_links.create(SUMMER)
    second = client.payment_links.create(SUMMER | {"name": "Winter Sale"})
    assert [link["id"] for link in client.payment_links.list()] == [second["id"], first["id"]]

    off = client.payment_links.update(first["id"], {"status": "inactive"})
    assert (off["status"], off["active"]) == ("inactive", False)
    assert [link["id"] for link in client.payment_links.list(active=True)] == [second["id"]]
    assert [link["id"] for link in client.payment_links.list(status="inactive")] == [first["id"]]
    assert begin(shop, first).status_code == 410
    on = client.payment_links.update(first["id"], {"active": True})
    assert on["status"] == "active"

    pay(shop, first)
    client.payment_links.delete(first["id"])
    for gone in (first["id"], first["code"]):
        with pytest.raises(ReevitAPIError) as refused:
            client.payment_links.get(gone)
        assert (refused.value.status_code, refused.value.code) == (404, "payment_link_not_found")
    assert begin(shop, first).status_code == 404
    customer = client.customers.list(search="ada@example.com")[0]
    assert len(client.customers.payment_history(customer["id"])) == 1


def test_those_that_brought_most_come_first_when_asked(client, shop):
    poor = client.payment_links.create(SUMMER | {"amount": 100})
    rich = client.payment_links.create(SUMMER | {"amount": 5000})
    idle = client.payment_links.create(SUMMER)
    pay(shop, rich)
    pay(shop, poor)

    listed = client.payment_links.list(sort_by="total_revenue")

    assert [link["id"] for link in listed] == [rich["id"], poor["id"], idle["id"]]


@pytest.mark.parametrize("code", ["payment_link_expired", "payment_link_inactive"])
def test_a_closed_link_says_why_in_410(client, shop, code):
    soon = datetime.now(UTC) + timedelta(seconds=1)
    ended = {"payment_link_expired": {"expires_at": soon.isoformat()}}
    link = client.payment_links.create(SUMMER | ended.get(code, {"active": False}))
    while code in ended and datetime.now(UTC) < soon:
        time.sleep(0.1)

    for answer in (
        begin(shop, link),
        requests.get(f"{shop.url}/v1/pay/{link['code']}", timeout=30),
    ):
        assert answer.status_code == 410
        assert answer.json()["code"] == code


def test_an_amount_the_link_does_not_offer_is_refused(client, shop):
    fixed = client.payment_links.create(SUMMER)
    free = client.payment_links.create(
        {"name": "Donate", "currency": "GHS", "allow_custom_amount": True, "min_amount": 500}
    )

    assert begin(shop, fixed, amount=100).json()["code"] == "invalid_amount"
    assert begin(shop, free, amount=499).json()["code"] == "invalid_amount"
    assert begin(shop, free).json()["code"] == "invalid_amount"
    assert begin(shop, free, amount=500).json()["amount"] == 500


def test_what_the_merchant_entered_is_not_overwritten_but_gaps_are_filled(client, shop):
    known = client.customers.create({"email": "ada@example.com", "name": "Countess Lovelace"})
    link = client.payment_links.create(SUMMER)

    pay(shop, link)

    customer = client.customers.get(known["id"])
    assert customer["name"] == "Countess Lovelace"
    assert customer["phone"] == "+233501234567"
    assert customer["payment_count"] == 1


@pytest.mark.parametrize("amount", [9900, 4000], ids=["paid on confirmation", "paid at once"])
def test_what_a_payer_says_is_believed_when_they_have_paid(client, shop, amount):
    known = client.customers.create({"email": "ada@example.com"})
    link = client.payment_links.create(SUMMER | {"amount": amount})

    begun = begin(shop, link, **ADA).json()
    then = client.customers.get(known["id"])
    confirm(shop, begun)
    paid = client.customers.get(known["id"])

    unproven = (None, None) if amount == 9900 else ("Ada Lovelace", "+233501234567")
    assert (then["name"], then["phone"]) == unproven
    assert (paid["name"], paid["phone"]) == ("Ada Lovelace", "+233501234567")
    by_number = begin(shop, link, phone=ADA["phone"]).json()
    confirm(shop, by_number)
    assert client.payments.get(by_number["id"])["customer_id"] == known["id"]


def test_who_merely_begins_a_payment_writes_nothing_about_anybody(client, shop):
    known = client.customers.create({"email": "ada@example.com"})
    made_for = client.payment_links.create(SUMMER | {"customer_id": known["id"]})
    declined = client.payment_links.create(SUMMER | {"amount": 4001})

    for link in (made_for, declined, client.payment_links.create(SUMMER)):
        begin(shop, link, **ADA | {"name": "Somebody rude"})

    assert client.customers.get(known["id"])["updated_at"] == known["updated_at"]
    [listed] = client.customers.list()
    assert (listed["name"], listed["phone"]) == (None, None)


def test_a_payer_is_known_by_address_then_by_number_and_else_is_new(client, shop):
    by_number = client.customers.create({"phone": "+233501234567"})
    link = client.payment_links.create(SUMMER)

    pay(shop, link, email=None, name=None)
    pay(shop, link, email="grace@example.com", phone=None, name="Grace Hopper")
    nobody = begin(shop, link).json()

    assert client.customers.get(by_number["id"])["payment_count"] == 1
    assert client.customers.list(search="grace@")[0]["name"] == "Grace Hopper"
    assert nobody["customer_id"] is None


def test_answers_to_custom_fields_are_kept_with_the_payment(client, shop):
    link = client.payment_links.create(
        SUMMER
        | {
            "custom_fields": [
                {"name": "size", "type": "select", "options": ["S", "L"], "required": True},
                {"name": "note", "label": "A note for us"},
            ]
        }
    )

    assert begin(shop, link).json()["code"] == "validation_error"
    assert begin(shop, link, custom_fields={"size": "XXL"}).status_code == 400
    begun = begin(shop, link, custom_fields={"size": "L", "unasked": "x"}).json()

    assert client.payments.get(begun["id"])["metadata"] == {"size": "L"}


def test_the_same_key_makes_one_payment(client, shop):
    link = client.payment_links.create(SUMMER)
    headers = {"Idempotency-Key": "order-1"}

    first, again = (
        requests.post(
            f"{shop.url}/v1/pay/{link['code']}/pay", json=ADA, headers=headers, timeout=30
        )
        for _ in range(2)
    )

    assert first.json() == again.json()
    assert len(client.payment_links.list_payments(link["id"])) == 1


@pytest.mark.parametrize("amount", [4000, 9900], ids=["paid at once", "paid on confirmation"])
def test_of_a_hundred_who_pay_at_once_through_a_link_for_ten_ten_have_paid(client, shop, amount):
    link = client.payment_links.create(SUMMER | {"amount": amount, "max_uses": 10})

    statuses = asyncio.run(all_pay(shop, link))

    assert statuses == Counter({"succeeded": 10, "payment_link_exhausted": 90})
    assert client.payment_links.get(link["id"])["status"] == "exhausted"
    assert client.payment_links.get_stats(link["id"])["successful_payments"] == 10


async def all_pay(shop, link) -> Counter:
    async with httpx2.AsyncClient(base_url=shop.url, timeout=60) as payers:

        async def one(number: int) -> str:
            body = {"email": f"payer{number}@example.com"}
            begun = await payers.post(f"/v1/pay/{link['code']}/pay", json=body)
            payment = begun.json()
            if begun.status_code == 410 or payment["status"] == "succeeded":
                return str(payment.get("code") or payment["status"])
            confirmed = await payers.post(
                f"/v1/payments/{payment['id']}/confirm-intent",
                params={"client_secret": payment["client_secret"]},
            )
            answer = confirmed.json()
            return str(answer.get("code") or answer["status"])

        return Counter(await asyncio.gather(*(one(number) for number in range(100))))


def test_two_first_payments_of_one_person_at_once_make_one_customer(client, shop):
    link = client.payment_links.create(SUMMER)

    async def both() -> None:
        async with httpx2.AsyncClient(base_url=shop.url, timeout=60) as payers:
            begun = await asyncio.gather(
                *(payers.post(f"/v1/pay/{link['code']}/pay", json=ADA) for _ in range(20))
            )
            await asyncio.gather(*(confirm(payers, answer.json()) for answer in begun))

    async def confirm(payers: httpx2.AsyncClient, payment: Any) -> None:
        secret = {"client_secret": payment["client_secret"]}
        await payers.post(f"/v1/payments/{payment['id']}/confirm-intent", params=secret)

    asyncio.run(both())

    [customer] = client.customers.list()
    assert customer["successful_payments"] == 20
    assert len(client.payment_links.list_payments(link["id"], limit=50)) == 20


def test_a_link_that_ends_later_is_open_until_then(client, shop):
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    link = client.payment_links.create(SUMMER | {"expires_at": soon})

    assert begin(shop, link, **ADA).status_code == 201
