"""Wiring: how engine, ledger, handler, projector, views and application are joined."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

import domain.catalogue  # noqa: F401 (a fact can be read once the module that defines it is imported)
from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from ledger.address import database_address
from ledger.clock import Clock
from ledger.database import open_engine, require_schema, require_store, upgrade
from ledger.errors import LedgerUnavailable
from ledger.facts import FactMapper
from ledger.keyring import Keyring
from ledger.ledger import Ledger
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import Generations
from projections.engine.live.projector import Projector
from projections.engine.live.reader import Views
from projections.engine.rebuilding.keeper import ViewsKeeper
from projections.read_models import DEFINITIONS
from whence.settings import Settings

Side = Literal["commands", "queries"]

# PostgreSQL: data that is refused, and constraints that are hurt.
_ABOUT_VALUES = ("22", "23")

_log = structlog.get_logger("whence")


def utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def recording(
    settings: Settings, *, clock: Clock = utc_now, makes_store: bool = True
) -> Iterator[Ledger]:
    """The ledger of these settings, its schema up to date, its writer running.

    Raises LedgerUnavailable when the database cannot be opened, NoStore where there is nothing and
    nothing is to be made.
    """
    upgraded = settings.upgrade_on_start
    with (
        open_database(settings.database_url, upgraded=upgraded, makes_store=makes_store) as engine,
        Ledger(engine, clock=clock) as ledger,
    ):
        yield ledger


@contextmanager
def open_database(
    database_url: str, *, upgraded: bool, makes_store: bool = True
) -> Iterator[Engine]:
    """The database, its schema brought up to date when asked for, and right in any case.

    Raises LedgerUnavailable when it cannot be opened, or fails while it is, and NoStore.
    """
    engine = open_engine(database_url)
    try:
        _make_ready(engine, upgraded=upgraded, makes_store=makes_store)
        yield engine
    except DBAPIError as error:
        raise LedgerUnavailable(f"the database failed: {_reason(error)}") from error
    finally:
        engine.dispose()


def _make_ready(engine: Engine, *, upgraded: bool, makes_store: bool) -> None:
    try:
        if not makes_store:
            require_store(engine)
        (upgrade if upgraded else require_schema)(engine)
    except (OSError, DBAPIError) as error:
        place = f" ({engine.url.database})" if engine.dialect.name == "sqlite" else ""
        raise LedgerUnavailable(
            f"the database cannot be opened: {_reason(error)}{place}"
        ) from error


def _reason(error: OSError | DBAPIError) -> str:
    """The first line of what was said, unless it may hold a value that is stored."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig else error
    first = next(iter(str(said).strip().splitlines()), "")
    if not first or (getattr(said, "sqlstate", None) or "").startswith(_ABOUT_VALUES):
        return type(said).__name__
    # SQLite shows a text that it cannot read.
    return first.partition(" with text ")[0]


@contextmanager
def handling(
    ledger: Ledger, *, clock: Clock = utc_now, keyring: Keyring | None = None
) -> Iterator[CommandHandler]:
    """Somebody who carries out commands on the ledger, from one event loop.

    Without a ``keyring`` those that neither seal nor open a secret.
    """
    handler = CommandHandler(ledger, clock=clock, ids=Ids(clock), keyring=keyring)
    try:
        yield handler
    finally:
        handler.close()


@dataclass(frozen=True)
class Reading:
    """The reading side: whose generation serves, who keeps it up to date, who answers from it."""

    generations: Generations
    projector: Projector
    views: Views

    def serving(self) -> Generation:
        """Raises ViewsRebuilding while no generation fits the code."""
        return self.generations.serving(DEFINITIONS)


@contextmanager
def generations_of(settings: Settings, ledger: Ledger) -> Iterator[Generations]:
    """The list of view sets beside the ledger."""
    folder = Path(database_address(settings.database_url).database or "").parent
    with Generations(ledger.engine, folder, clock=utc_now) as generations:
        yield generations


@contextmanager
def projecting(settings: Settings, ledger: Ledger, *, folds: bool = True) -> Iterator[Reading]:
    """Views that are kept up to date; a set that fits the code is built first if there is none.

    Unless this process ``folds``, both are left to others.
    """
    mapper = FactMapper()
    with (
        generations_of(settings, ledger) as generations,
        closing(ViewsKeeper(ledger, generations, mapper, DEFINITIONS)) as keeper,
    ):
        if folds:
            keeper.start()
        serving = generations.follow(DEFINITIONS)
        whole_ones = partial(generations.whole_ones, DEFINITIONS)
        with (
            closing(Projector(ledger, serving, mapper, DEFINITIONS, lost=keeper.lost)) as projector,
            Views(
                ledger,
                serving,
                whole_ones=whole_ones,
                prioritize=projector.prioritize,
                lost=keeper.lost,
            ) as views,
        ):
            projector.on_progress(views.notify_progress)
            ledger.on_commit(projector.notify)
            if folds:
                projector.start()
            yield Reading(generations, projector, views)
