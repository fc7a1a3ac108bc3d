"""Store check: whether a store is sound, looked at beside whoever uses it."""

from sqlalchemy import Engine, func, select
from waiting import awaited

import domain.catalogue  # noqa: F401 (a fact can be read once the module that defines it is imported)
from ledger.reading import heads
from ledger.schema import events
from projections.engine.generations.generations import Generations, ViewsRebuilding
from projections.engine.rebuilding.verify import Report
from projections.read_models import DEFINITIONS
from whence.settings import Settings
from whence.verification import verify_store
from whence.wiring import generations_of, recording


def is_sound(database_url: str) -> bool:
    """Positions are dense, the chains hold, and every row of the views is what the facts say.

    Whoever keeps the views up to date may be at it; what is compared is what they have reached.
    """
    report = examined(database_url)
    assert [book for book in report.books if not book.is_sound] == []
    return len(report.books) > 0


def examined(database_url: str) -> Report:
    """What `whence verify` finds, with the digests of all there is."""
    settings = Settings(database_url=database_url)
    with recording(settings) as ledger, generations_of(settings, ledger) as generations:
        assert numbered(ledger.engine) == heads(ledger.engine)
        awaited(lambda: views_serve(generations))
        report = verify_store(ledger, generations)
    assert (report.integrity.faults, report.claims, report.replies) == ((), (), ())
    return report.views


def views_serve(generations: Generations) -> bool:
    """A server that has just begun may build them yet."""
    try:
        generations.serving(DEFINITIONS)
    except ViewsRebuilding:
        return False
    return True


def numbered(engine: Engine) -> dict[str, int]:
    """How many facts each book has, which are numbered from 1 without a gap."""
    position = events.c.position
    asked = select(events.c.book, func.count(), func.min(position), func.max(position)).group_by(
        events.c.book
    )
    with engine.connect() as connection:
        found = connection.execute(asked).all()
    assert [(1, count) for _, count, _, _ in found] == [(low, high) for _, _, low, high in found]
    return {book: count for book, count, _, _ in found}
