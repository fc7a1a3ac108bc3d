"""A link is opened in a real browser and paid, without any script."""

import pytest
import requests
from browser import Pages
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.filterwarnings("ignore:org_id should be provided:DeprecationWarning")

# What no database is asked about is said on one.
on_one_database = pytest.mark.parametrize("kept_server", ["sqlite"], indirect=True)
SUMMER = {"name": "Summer Sale - Premium Plan", "amount": 9900, "currency": "GHS"}


@pytest.fixture
def page(pages: Pages) -> Page:
    return pages.fresh(scripts=False)


def introduce(page: Page) -> None:
    page.get_by_text("Card").click()
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Email").fill("ada@example.com")


def test_a_link_is_opened_and_paid_and_the_payment_is_in_the_history(client, page):
    link = client.payment_links.create(SUMMER | {"redirect_url": "https://shop.example/thanks"})

    page.goto(link["url"])
    expect(page.get_by_role("heading")).to_have_text("Summer Sale - Premium Plan")
    introduce(page)
    page.get_by_role("button", name="Pay GHS 99.00").click()
    page.get_by_role("button", name="Confirm GHS 99.00").click()
    expect(page.get_by_role("status")).to_have_text("Paid. Thank you.")

    customer = client.customers.list(search="ada@example.com")[0]
    [row] = client.customers.payment_history(customer["id"])
    assert (row["status"], row["source_id"], row["source_description"]) == (
        "succeeded",
        link["id"],
        SUMMER["name"],
    )
    assert page.get_by_role("link", name="Continue").get_attribute("href") == (
        "https://shop.example/thanks"
    )
    assert client.payment_links.get_stats(link["id"])["conversion_rate"] == 1.0


@on_one_database
def test_what_is_wrong_is_said_and_what_was_typed_stays(client, page):
    link = client.payment_links.create(
        {
            "name": "Donate",
            "currency": "GHS",
            "allow_custom_amount": True,
            "min_amount": 500,
            "custom_fields": [{"name": "size", "type": "select", "options": ["S", "L"]}],
        }
    )

    page.goto(link["url"])
    introduce(page)
    page.get_by_label("Amount in GHS").fill("4.99")
    page.get_by_label("size").select_option("L")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_contain_text("One answer needs another look")
    expect(page.get_by_text("Enter at least GHS 5.00")).to_be_visible()
    assert page.get_by_label("Email").input_value() == "ada@example.com"
    assert page.get_by_label("size").input_value() == "L"
    page.get_by_label("Amount in GHS").fill("5")
    page.get_by_role("button", name="Pay").click()
    page.get_by_role("button", name="Confirm GHS 5.00").click()

    expect(page.get_by_role("status")).to_have_text("Paid. Thank you.")
    assert client.payment_links.get_stats(link["id"])["views"] == 1


@on_one_database
def test_a_declined_payment_can_be_tried_again(client, page):
    link = client.payment_links.create(SUMMER | {"amount": 4001})

    page.goto(link["url"])
    introduce(page)
    page.get_by_role("button", name="Pay GHS 40.01").click()
    expect(page.get_by_role("alert")).to_contain_text("The bank declined the card.")
    page.get_by_role("link", name="Try again").click()

    expect(page.get_by_role("button", name="Pay GHS 40.01")).to_be_visible()


def test_a_form_that_is_sent_twice_begins_one_payment(client):
    link = client.payment_links.create(SUMMER)
    form = {"nonce": "the same", "email": "ada@example.com", "method": "card"}

    first, again = (
        requests.post(link["url"], data=form, allow_redirects=False, timeout=30) for _ in range(2)
    )

    assert (first.status_code, first.headers["Location"]) == (303, again.headers["Location"])
    assert len(client.payment_links.list_payments(link["id"])) == 1


@on_one_database
@pytest.mark.parametrize("typed", ["1e999990", "12,50", "9" * 40, "1.234567", "-5", "ten"])
def test_what_is_no_amount_is_refused_at_once(client, typed):
    link = client.payment_links.create(
        {"name": "Donate", "currency": "GHS", "allow_custom_amount": True}
    )

    answer = requests.post(link["url"], data={"amount": typed}, allow_redirects=False, timeout=5)

    assert answer.status_code == 400
    assert "is not an amount in GHS" in answer.text
    assert client.payment_links.list_payments(link["id"]) == []


def test_a_form_that_was_corrected_is_another_payment(client):
    link = client.payment_links.create(
        {"name": "Donate", "currency": "GHS", "allow_custom_amount": True}
    )

    for amount in ("1,250.00", "12.50"):
        form = {"nonce": "the same", "amount": amount, "email": "ada@example.com"}
        requests.post(link["url"], data=form, allow_redirects=False, timeout=30)

    amounts = {row["amount"] for row in client.payment_links.list_payments(link["id"])}
    assert amounts == {125000, 1250}


def test_whoever_paid_last_and_sent_the_form_twice_is_told_that_they_paid(client):
    link = client.payment_links.create(SUMMER | {"amount": 4000, "max_uses": 1})
    form = {"nonce": "the same", "email": "ada@example.com"}

    first, again = (
        requests.post(link["url"], data=form, allow_redirects=False, timeout=30) for _ in range(2)
    )
    late = requests.post(link["url"], data={"nonce": "other"}, allow_redirects=False, timeout=30)

    assert (first.status_code, again.headers["Location"]) == (303, first.headers["Location"])
    assert late.status_code == 410


@on_one_database
@pytest.mark.parametrize("named", ["closed", "unknown"])
def test_a_closed_or_unknown_link_is_a_page_too(client, shop, named):
    link = client.payment_links.create(SUMMER | {"active": False})
    address = link["url"] if named == "closed" else f"{shop.url}/pay/nothing"

    answer = requests.get(address, timeout=30)

    assert answer.status_code == (410 if named == "closed" else 404)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert 'role="alert"' in answer.text


@on_one_database
def test_what_a_merchant_or_a_payer_writes_cannot_become_part_of_the_page(client, page):
    link = client.payment_links.create(SUMMER | {"name": "<script>alert(1)</script>"})

    page.goto(link["url"])

    expect(page.get_by_role("heading")).to_have_text("<script>alert(1)</script>")
    expect(page.get_by_role("button", name="Pay GHS 99.00")).to_be_visible()
