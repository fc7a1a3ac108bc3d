"""A merchant whose payments, links and subscriptions the console shows, and how forms are sent."""

import re
from html import unescape

import httpx
from page_text import text_of

HOSTILE = '<script>alert("x")</script>'


def made(client: httpx.Client, path: str, **body):
    return client.post(path, json=body).raise_for_status().json()


def paid(client, amount=150_000, currency="GHS", **more):
    """The id of a payment that succeeded."""
    payment = made(client, "/v1/payments/intents", amount=amount, currency=currency, **more)["id"]
    made(client, f"/v1/payments/{payment}/confirm")
    return payment


def subscribed(client, **more):
    customer = made(client, "/v1/customers", name="Ama Mensah", email="ama@example.com")["id"]
    plan = {"plan_id": "gold", "amount": 4000, "currency": "GHS", "method": "mobile_money"}
    plan |= {"interval": "monthly", "customer_id": customer, **more}
    return made(client, "/v1/subscriptions", **plan)


def read(console, path, status=200):
    """What a page says, in words."""
    shown = console.get(path)
    assert shown.status_code == status, shown.text
    return text_of(shown.text)


def send(console, path, **fields):
    """A form as its page sends it; what the page says that it leads to, or the form again."""
    page = console.get(path)
    assert page.status_code == 200, page.text
    once = re.search(r'name="once" value="([^"]+)"', page.text)
    assert once is not None
    answer = console.post(path, data={"once": unescape(once[1]), **fields})
    if answer.status_code != 303:
        return answer.status_code, text_of(answer.text)
    return 303, answer.headers["location"]
