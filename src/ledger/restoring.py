"""Epochs of a store: one put back from a backup is not the one whose positions are known."""

from sqlalchemy import Engine, select, update

from ledger.database import writing
from ledger.reading import StoreIdentity
from ledger.schema import store


def begin_epoch(engine: Engine) -> StoreIdentity:
    """The store keeps its id and begins its next epoch; who it is from now on."""
    with writing(engine) as connection:
        own = store.c.book == ""
        connection.execute(update(store).where(own).values(epoch=store.c.epoch + 1))
        return StoreIdentity(
            *connection.execute(select(store.c.id, store.c.epoch).where(own)).one()
        )
