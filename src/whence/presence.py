"""Presence: a thread that says every few seconds that this process is alive, and what it does.

No thread that is there anyway would do: each of them waits for something of its own, a run or a
build for minutes, and none is in every kind of process.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from ledger.processes import Duty, Kind, Presence, Work
from ledger.supervised_threads import ThreadLog, repeated
from whence import __version__


@contextmanager
def present(
    engine: Engine, kind: Kind, duties: Callable[[], Iterable[Duty]] = tuple
) -> Iterator[None]:
    """For as long as the context is; what cannot be said is logged, and said again."""
    presence = Presence(engine, kind=kind, release=__version__, duties=duties)
    seconds = presence.every_seconds
    try:
        with repeated(lambda _closing: presence.renew(), name="presence", every_seconds=seconds):
            yield
    finally:
        _end(presence)


def duty(work: Work, *, failure: str | None = None) -> Duty:
    return Duty(work, "working" if failure is None else "failing")


def _end(presence: Presence) -> None:
    try:
        presence.end()
    except Exception as error:  # noqa: BLE001 (its row says by its age that it is gone)
        ThreadLog("presence").note(error, "could not say that this process ends")
