"""A merchant whose payments, links and subscriptions the console shows, and how forms are sent."""

import re
from html import unescape
from html.parser import HTMLParser

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


def filled_in(console, path):
    """The form of a page as a browser would send it when nothing is touched."""
    page = console.get(path)
    assert page.status_code == 200, page.text
    return _FormReader.read(page.text)


class _FormReader(HTMLParser):
    """The fields of the form of a page: the one that can be sent twice and is done once."""

    @classmethod
    def read(cls, text: str) -> dict[str, str]:
        reader = cls()
        reader.feed(text)
        return reader.fields

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._inside = False
        self._named: str | None = None

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if tag == "form":
            self._inside = "data-once" in said and not self.fields
        if not self._inside:
            return
        if tag == "input" and (said.get("type") != "checkbox" or "checked" in said):
            self.fields[said["name"]] = said.get("value") or ""
        elif tag in ("select", "textarea"):
            self._named = said["name"]
            self.fields[self._named] = ""
        elif tag == "option" and "selected" in said:
            self.fields[self._named] = said["value"]

    def handle_data(self, data):
        if self._inside and self._named and self.lasttag == "textarea":
            self.fields[self._named] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False
        elif tag == "textarea" and self._inside:
            text = self.fields[self._named].removeprefix("\n")
            self.fields[self._named] = text.replace("\n", "\r\n")
            self._named = None
