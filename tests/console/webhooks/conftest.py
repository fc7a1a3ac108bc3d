"""A merchant whose endpoints are told what happens, in the console and by the API."""

from datetime import UTC, datetime

import pytest
from api_server import receiver
from deliverer import delivering

__all__ = ["receiver"]


@pytest.fixture
def telling(server):
    """Tells all endpoints of the store while the context lasts."""

    def telling():
        return delivering(
            server.ledger,
            server.ledger.engine.url.render_as_string(hide_password=False),
            previous=lambda *_: {},
            clock=lambda: datetime.now(UTC),
            looks_every_seconds=0.05,
        )

    return telling


@pytest.fixture
def pay(client):
    def pay(customer="ama@example.com"):
        order = {"amount": 700, "currency": "GHS", "customer_id": customer}
        return client.post("/v1/payments/intents", json=order).raise_for_status().json()

    return pay


@pytest.fixture
def endpoint(client, receiver):
    told = {"name": "warehouse", "url": f"{receiver.url}/in", "events": ["payment.*"]}
    return client.post("/v1/webhooks/endpoints", json=told).raise_for_status().json()
