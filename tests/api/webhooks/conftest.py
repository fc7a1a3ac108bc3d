"""A shop that tells a real receiver what happens, over a store of its own."""

from datetime import UTC, datetime

import pytest
from deliverer import delivering
from reevit import Reevit


@pytest.fixture
def telling(server):
    """Tells all endpoints of the store while the context lasts."""

    def telling():
        url = server.ledger.engine.url.render_as_string(hide_password=False)
        return delivering(
            server.ledger,
            url,
            previous=lambda *_: {},
            clock=lambda: datetime.now(UTC),
            looks_every_seconds=0.05,
        )

    return telling


@pytest.fixture
def reevit(merchant):
    return Reevit(
        api_key=merchant.founded.keys["test"],
        org_id=merchant.org_id,
        base_url=merchant.server.url,
    )


@pytest.fixture
def pay(client):
    def pay(customer="ama@example.com"):
        order = {"amount": 700, "currency": "GHS", "customer_id": customer}
        return client.post("/v1/payments/intents", json=order).raise_for_status().json()

    return pay


@pytest.fixture
def outbound(client):
    def outbound(**asked):
        return client.get("/v1/webhooks/outbound", params=asked).raise_for_status().json()

    return outbound
