"""A shop that tells a real receiver what happens, over a store of its own."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from deliverer import Deliverer
from reevit import Reevit
from secret_keys import KEYRING

from api.resources.event_data import data_of
from ledger.database import open_engine


@pytest.fixture
def telling(server):
    """Tells all endpoints of the store while the context lasts."""

    @contextmanager
    def telling():
        url = server.ledger.engine.url.render_as_string(hide_password=False)
        engine = open_engine(url, durable=False)
        deliverer = Deliverer(
            ledger=server.ledger,
            engine=engine,
            keyring=KEYRING,
            data_of=data_of,
            previous=lambda *_: {},
            clock=lambda: datetime.now(UTC),
            looks_every_seconds=0.05,
        )
        with deliverer.in_a_thread():
            yield deliverer
        engine.dispose()

    return telling


@pytest.fixture
def reevit(merchant):
    return Reevit(
        api_key=merchant.founded.keys["test"],
        org_id=merchant.org_id,
        base_url=merchant.server.url,
    )
