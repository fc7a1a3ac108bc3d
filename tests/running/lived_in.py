"""A store that was lived in: the demo merchant's year behind a real service, and what goes on now.

Whoever looks at the console finds all that a page of it may be about.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from console_browser import signed_in
from server import Server

# Nobody listens there: what is sent to it waits.
NOWHERE = "http://127.0.0.1:9/hooks"
SCRIPT = "<script>document.title = 'hacked'</script>"
# Whoever called themselves so means no good, or writes from right to left.
HOSTILE = (
    {
        "name": f"{SCRIPT}<img src=x onerror=\"document.title='hacked'\">",
        "email": "script@shop.example",
        "tags": ["🦁" * 64],
        "metadata": {"note": "w" * 2_000},
    },
    {
        "name": "\u202e" + "محمد بن عبد الله بن عبد الرحمن الفارسي " * 3,
        "external_id": "x" * 255,
        "tags": ["vip", "«שלום»"],
    },
)
_THANKS = {
    "type": "email",
    "name": "Thanks",
    "subject": "Thank you",
    "body": "We have {{ money }}.",
}
_RULE = {
    "name": "Thank those who pay",
    "trigger": "payment.success",
    "conditions": {"min_amount": 3000, "currencies": ["GHS"]},
}
_TAGS = {"type": "add_tag", "config": {"tag": "thanked"}}


@dataclass(frozen=True)
class Shop:
    """The demo merchant, whose service runs."""

    server: Server
    key: str

    @property
    def url(self) -> str:
        return self.server.url

    @cached_property
    def api(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"X-Reevit-Key": self.key}, timeout=60)

    def ask(self, path: str, **query: Any) -> Any:
        answer = self.api.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def do(self, path: str, **command: Any) -> Any:
        answer = self.api.post(path, json=command)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    @cached_property
    def cookies(self) -> list[dict[str, str]]:
        """With which a browser is signed in."""
        with signed_in(self.url, self.key) as browser:
            place = f"{self.url}/console"
            return [
                {"name": name, "value": value, "url": place}
                for name, value in browser.cookies.items()
            ]


@contextmanager
def lived_in(folder: Path, *, customers: int, payments: int) -> Iterator[Shop]:
    """The service runs meanwhile, with all that works beside it."""
    folder.mkdir(exist_ok=True)
    server = Server(
        f"sqlite:///{folder / 'ledger.db'}",
        folder,
        WHENCE_ALLOW_INSECURE_WEBHOOKS="true",
        WHENCE_DELIVERY_NETWORKS="127.0.0.0/8",
    )
    # The longest of them lasts an hour: so many that nobody waits for.
    demo = ("demo", "--customers", str(customers), "--payments", str(payments))
    done = server.whence(*demo, patience_seconds=3_600)
    assert done.returncode == 0, done.stderr
    server.start()
    shop = Shop(server, (folder / "demo.key").read_text().strip())
    try:
        yield shop
        server.stop()
    finally:
        shop.api.close()
        server.kill()


def go_on(shop: Shop) -> None:
    """Whoever is told of what happens now, what follows from it, and what waits for somebody."""
    shop.do("/v1/webhooks/endpoints", url=NOWHERE, events=["payment.*"])
    shop.do("/v1/workflows/integrations", type="email", provider="console", config={})
    template = shop.do("/v1/workflows/templates", **_THANKS)
    writes = {"type": "send_email", "template_id": template["id"]}
    shop.do("/v1/workflows/rules", **_RULE, actions=[writes, _TAGS])
    for hostile in HOSTILE:
        customer = shop.do("/v1/customers", **hostile)
        shop.do("/v1/payments/intents", amount=4000, currency="GHS", customer_id=customer["id"])
    shop.do("/v1/payment-links", name=SCRIPT + "«מבצע»" * 20, amount=4000, currency="GHS")


def ama(shop: Shop) -> Any:
    """A customer who paid 80.00 GHS, and has 15.00 of it back."""
    customer = shop.do("/v1/customers", name="Ama Serwaa", email="ama.serwaa@gmail.com")
    paid = [
        shop.do("/v1/payments/intents", amount=4000, currency="GHS", customer_id=customer["id"])
        for _ in range(2)
    ]
    shop.do(f"/v1/payments/{paid[0]['id']}/refund", amount=1500, reason="returned")
    return customer
