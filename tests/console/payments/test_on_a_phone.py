"""What is long, or written to do harm, does none on a phone; what is printed is a sheet."""

import pytest
from browser import started
from money_console import HOSTILE, made, paid, subscribed

LONG = "word " * 180


@pytest.fixture
def addresses(client):
    """Pages that are full of what somebody else wrote."""
    ama = made(client, "/v1/customers", name=HOSTILE * 3, external_id="x" * 255)["id"]
    terms = {"currency": "GHS", "amount": 9900, "description": LONG, "reference": "S" * 255}
    link = made(client, "/v1/payment-links", name="😀" * 64 + "محمد", **terms)["id"]
    payment = paid(client, 990_000_000, customer_id=ama, description="x" * 255)
    made(client, f"/v1/payments/{payment}/refund", amount=100, reason=LONG)
    subscription = subscribed(client, plan_id="p" * 255, metadata={HOSTILE: LONG})
    invoice = subscription["latest_invoice_id"]
    return [
        "/payments",
        f"/payments/{payment}",
        f"/payments/{payment}/refund",
        f"/links/{link}",
        f"/links/{link}/card",
        f"/subscriptions/{subscription['id']}",
        f"/invoices/{invoice}",
        f"/invoices/{invoice}/sheet",
    ]


# From the end of each sentence to what comes after it.
NEAREST = """() => Math.min(...[...document.querySelectorAll(
  "main > p + *, main > [id] > p + *, .card > p + *"
)].map(each => each.getBoundingClientRect().top
  - each.previousElementSibling.getBoundingClientRect().bottom))"""


def test_no_page_is_wider_than_the_phone_and_no_script_of_others_runs(console, merchant, addresses):
    site = f"{merchant.server.url}/console"
    cookies = [
        {"name": each.name, "value": each.value, "url": site} for each in console.cookies.jar
    ]
    said, sideways, near = [], {}, {}

    with started() as browser:
        context = browser.new_context(viewport={"width": 360, "height": 740})
        context.add_cookies(cookies)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        for path in addresses:
            page.goto(site + path)
            wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            sideways |= {path: wider} if wider > 0 else {}
            nearest = page.evaluate(NEAREST)
            near |= {path: nearest} if nearest is not None and nearest < 8 else {}

    assert sideways == {}
    assert said == []
    assert near == {}
