"""A merchant with customers who have paid, in the console and by the API."""

import httpx
import pytest


class Till:
    """What a merchant's own program does."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def add(self, name: str | None, **more: object) -> str:
        return str(self._post("/v1/customers", name=name, **more)["id"])

    def pay(self, customer_id: str, amount: int, currency: str = "GHS", **more: object) -> str:
        asked = {"customer_id": customer_id, "amount": amount, "currency": currency, **more}
        payment_id = str(self._post("/v1/payments/intents", **asked)["id"])
        at = {name: more[name] for name in more if name == "occurred_at"}
        self._post(f"/v1/payments/{payment_id}/confirm", **at)
        return payment_id

    def refund(self, payment_id: str, amount: int, reason: str) -> None:
        self._post(f"/v1/payments/{payment_id}/refund", amount=amount, reason=reason)

    def lose(self, payment_id: str, amount: int) -> None:
        self._post(f"/v1/payments/{payment_id}/dispute", amount=amount)
        self._post(f"/v1/payments/{payment_id}/dispute/resolve", outcome="lost")

    def known(self, customer_id: str) -> dict[str, object]:
        found: dict[str, object] = self.client.get(f"/v1/customers/{customer_id}").json()
        return found

    def _post(self, path: str, **body: object) -> dict[str, object]:
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        made: dict[str, object] = answer.json()
        return made


@pytest.fixture
def till(client: httpx.Client) -> Till:
    return Till(client)


@pytest.fixture
def ama(till: Till) -> str:
    """She paid 1,500.00, got 300.00 back, and 100.00 were lost in a dispute."""
    ama = till.add("Ama Mensah", email="ama@example.com", tags=["vip"])
    first = till.pay(ama, 100_000, source="payment_link", source_id="pl_summer")
    till.pay(ama, 50_000)
    till.refund(first, 30_000, "damaged")
    till.lose(first, 10_000)
    return ama
