"""`whence events`: the recorded facts, as they stand in the ledger."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Annotated

import orjson
import typer

from domain.book import Book
from domain.organization import Organization
from ledger.facts import StoredFact
from ledger.ledger import Ledger
from whence.errors import Unsuccessful
from whence.settings import Settings
from whence.wiring import recording

_AT_ONCE = 1000
_LOOKED_AGAIN_AFTER_SECONDS = 0.25


def events(
    *,
    book: Annotated[str | None, typer.Option(help="Only this book: org_…/test.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only facts after this position.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with those to come.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print the recorded facts, book by book. They come by position."""
    with recording(Settings.load(), makes_store=False) as ledger:
        if book is not None:
            _must_be_a_book(ledger, book)
        with _interrupts() as interrupted:
            for fact in _facts(ledger, book, after, interrupted, follow=follow):
                typer.echo(_as_json(fact) if json else _as_text(fact))
                if interrupted():
                    return


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Whether somebody has interrupted.

    An interrupt that is raised is lost where it comes as something is finalized.
    """
    interrupted = Event()
    before = signal.signal(signal.SIGINT, lambda _signal, _frame: interrupted.set())
    try:
        yield interrupted.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _facts(
    ledger: Ledger,
    book: str | None,
    after: int,
    interrupted: Callable[[], bool],
    *,
    follow: bool,
) -> Iterator[StoredFact]:
    seen: dict[str, int] = {}
    while True:
        heads = ledger.heads() if book is None else {book: ledger.head(book)}
        for name, head in sorted(heads.items()):
            position = seen.get(name, after)
            while position < head:
                facts = ledger.read(name, after=position, upto=head, limit=_AT_ONCE)
                if not facts:
                    break
                yield from facts
                position = facts[-1].position
            seen[name] = position
        if not follow or interrupted():
            return
        time.sleep(_LOOKED_AGAIN_AFTER_SECONDS)


def _must_be_a_book(ledger: Ledger, book: str) -> None:
    try:
        Book.named(book)
    except ValueError as wrong:
        raise Unsuccessful(f"{wrong}: it looks like org_…/test or org_…/live") from None
    if ledger.head(book) == 0:
        raise Unsuccessful(f"there is no book {book}")


def _as_json(fact: StoredFact) -> str:
    return orjson.dumps(
        {
            "book": fact.book,
            "position": fact.position,
            "stream": fact.stream,
            "version": fact.version,
            "topic": fact.topic,
            "recorded_at": fact.recorded_at,
            "data": orjson.Fragment(_without_secrets(fact)),
            "context": orjson.Fragment(fact.context),
            "digest": fact.digest.hex(),
        }
    ).decode()


def _as_text(fact: StoredFact) -> str:
    return (
        f"{fact.book} {fact.position:>8}  {fact.recorded_at}  "
        f"{fact.topic:<28} {fact.stream} v{fact.version}  {_without_secrets(fact)}"
    )


def _without_secrets(fact: StoredFact) -> str:
    """What is printed may end in a log; whoever read the seed there could make client secrets."""
    if fact.topic != Organization.Founded.TOPIC:
        return fact.data
    return orjson.dumps(orjson.loads(fact.data) | {"client_secret_seed": "(kept)"}).decode()
