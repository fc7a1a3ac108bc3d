"""The overview in a real browser: what comes after the page, and what moves as somebody pays."""

import pytest
from browser import Pages, started


@pytest.fixture(scope="module")
def pages():
    with started() as browser:
        yield Pages(browser)


@pytest.fixture
def page(pages, server, console):
    """That of somebody who is signed in."""
    page = pages.fresh(scripts=True)
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": f"{server.url}/console"}
            for name, value in console.cookies.items()
        ]
    )
    return page


def test_the_rankings_come_by_themselves_and_figures_move_as_somebody_pays(page, server, client):
    said = []
    page.on("console", lambda message: said.append(message.text))
    asked = {"amount": 4000, "currency": "GHS", "customer_id": "ama@example.com"}
    client.post("/v1/payments/intents", json=asked).raise_for_status()
    page.goto(f"{server.url}/console")

    page.locator("#rankings").get_by_text("ama@example.com").first.wait_for()
    page.locator("#overview .uplot").first.wait_for()

    client.post("/v1/payments/intents", json=asked).raise_for_status()
    page.locator("#overview").get_by_text("from 2 payments").wait_for()
    assert page.locator("#rankings").get_by_text("ama@example.com").count() >= 1
    assert said == []
