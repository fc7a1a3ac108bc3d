"""Delivery: the deliverer, joined from the parts of the service."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from api.resources.event_data import data_of
from delivery.delivering import Deliverer
from delivery.webhooks.previous import previous_in
from delivery.webhooks.services import Rules
from ledger.clock import Clock
from ledger.database import open_engine
from ledger.keyring import Keyring
from ledger.ledger import Ledger
from projections.engine.generations.generation import Generation
from whence.settings import Settings
from whence.wiring import utc_now

# What others record is seen within that; what this process records at once.
_LOOKS_EVERY_SECONDS: Final = {True: 0.25, False: 1.0}


@contextmanager
def deliverer(
    settings: Settings,
    ledger: Ledger,
    keyring: Keyring,
    serving: Callable[[], Generation],
    *,
    clock: Clock = utc_now,
) -> Iterator[Deliverer]:
    """To be run, in a thread or not; ``serving`` names the views that know what came before."""
    engine = open_engine(settings.database_url, durable=False)
    try:
        yield Deliverer(
            ledger=ledger,
            engine=engine,
            keyring=keyring,
            data_of=data_of,
            previous=previous_in(serving),
            clock=clock,
            rules=Rules(
                backlog_per_second=settings.webhook_backlog_per_second,
                retry_4xx=settings.webhook_retry_4xx,
            ),
            allowed_networks=settings.allowed_networks,
            looks_every_seconds=_LOOKS_EVERY_SECONDS[settings.on_postgresql],
        )
    finally:
        engine.dispose()
