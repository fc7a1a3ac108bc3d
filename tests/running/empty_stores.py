"""An empty store with views: made once for many tests that begin with one.

To make the tables of all views takes longer than most tests.
"""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tables import make_tables

from ledger.database import open_engine
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.engine.generations.generations import Generations
from projections.engine.rebuilding.rebuild import ensure_views
from projections.read_models import DEFINITIONS


def make_store(url: str, folder: Path) -> None:
    """On SQLite its views are in the folder."""
    with ExitStack() as stack:
        engine = open_engine(url)
        stack.callback(engine.dispose)
        make_tables(engine)
        ledger = stack.enter_context(Ledger(engine, clock=_now))
        generations = stack.enter_context(Generations(engine, folder, clock=_now))
        ensure_views(ledger, generations, FactMapper(), DEFINITIONS)


def _now() -> datetime:
    return datetime.now(UTC)
