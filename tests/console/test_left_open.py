"""A page that was left open: what it asks for by itself is no use of a session."""

from datetime import timedelta

import pytest
from console_browser import signed_in
from manual_clock import ManualClock
from waiting import awaited

BY_ITSELF = {"HX-Request": "true", "HX-Target": "#content", "Whence-By-Itself": "true"}


@pytest.fixture
def clock():
    return ManualClock()


def test_a_page_left_open_keeps_nobody_signed_in(new_server, clock):
    server = new_server()
    founded = server.found("Ama's shop")
    key, book = founded.keys["test"], f"{founded.org_id}/test"

    def uses():
        facts = server.ledger.read(book, limit=1000)
        return [each for each in facts if each.topic == "console_session.used"]

    with signed_in(server.url, key) as left_open, signed_in(server.url, key) as used:
        clock.now += timedelta(hours=11)
        assert left_open.head("/console/live").status_code == 200
        assert left_open.get("/console/customers", headers=BY_ITSELF).status_code == 200
        assert used.get("/console/customers").status_code == 200
        awaited(uses)
        clock.now += timedelta(hours=2)

        renewed = left_open.get("/console/customers", headers=BY_ITSELF)

        assert renewed.headers["hx-redirect"] == "/console/login?next=%2Fconsole%2Fcustomers"
        assert left_open.get("/console/live").status_code == 401
        assert used.get("/console/customers").status_code == 200
        assert len({each.stream for each in uses()}) == 1
