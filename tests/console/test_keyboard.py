"""The console by the keyboard alone, from signing in to something done."""

import pytest


@pytest.fixture
def ama(client):
    """She has paid 40.00; somebody came after her."""
    ama = client.post("/v1/customers", json={"name": "Ama Keyed", "email": "ak@x.example"}).json()
    client.post("/v1/customers", json={"name": "Kofi Keyed"})
    asked = {"amount": 4000, "currency": "GHS", "customer_id": ama["id"]}
    paid = client.post("/v1/payments/intents", json=asked).json()
    client.post(f"/v1/payments/{paid['id']}/confirm").raise_for_status()
    return ama


def focused(page, name):
    return page.evaluate(f"document.activeElement.{name} ?? ''")


def reach(page, text):
    """Goes on by Tab until something that says so is in focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if text in focused(page, "textContent") or text == focused(page, "name"):
            return
    raise AssertionError(f"{text} is not reached")


def test_the_main_tasks_need_no_mouse(pages, server, merchant, client, ama):
    page = pages.fresh(scripts=True)

    # Signing in.
    page.goto(f"{server.url}/console/login")
    reach(page, "api_key")
    page.keyboard.type(merchant.founded.keys["test"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/console")

    # Finding somebody while typing: into the list, out of it, and in again.
    page.keyboard.press("/")
    page.keyboard.type("ama keyed")
    page.locator("#found").get_by_role("option", name="ak@x.example").wait_for()
    box = page.get_by_role("combobox", name="Search everything")
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert page.locator("#found").is_hidden()
    assert box.input_value() == "ama keyed"
    page.keyboard.press("ArrowDown")
    page.locator("#found").get_by_role("option", name="ak@x.example").wait_for()
    page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == f"hit-{ama['id']}"
    page.keyboard.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") == "hit-all"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/customers/{ama['id']}")

    # Another section, a row, and back to her.
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/console/customers")
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    assert focused(page, "textContent") == "Ama Keyed"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/customers/{ama['id']}")

    # What a figure is made of.
    reach(page, "GHS\u00a040.00")
    page.keyboard.press("Enter")
    page.wait_for_url("**/explain?figure=*")
    page.go_back()
    page.wait_for_url(f"**/console/customers/{ama['id']}")

    # Something done.
    reach(page, "tag")
    page.keyboard.type("keyed")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Take off keyed").wait_for()
    assert client.get(f"/v1/customers/{ama['id']}").json()["tags"] == ["keyed"]

    # What keys there are.
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard")
    keys.get_by_text("Customers").wait_for()
    page.keyboard.press("Escape")
    assert not keys.is_visible()


def test_without_a_choice_enter_leads_to_everything_that_is_called_so(pages, server, console):
    page = pages.fresh(scripts=True)
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": f"{server.url}/console"}
            for name, value in console.cookies.items()
        ]
    )
    page.goto(f"{server.url}/console")

    page.keyboard.press("/")
    page.keyboard.type("nobody at all")
    page.get_by_text("Nothing is called so").wait_for()
    page.keyboard.press("Enter")

    page.wait_for_url("**/console/search?q=nobody+at+all")
    page.get_by_role("heading", name="Nothing found").wait_for()
