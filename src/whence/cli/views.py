"""`whence rebuild` and `whence verify`: the views derived anew, and held against the facts."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from ledger.chain import BrokenChain
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.engine.generations.generations import (
    Generations,
    GenerationServes,
    NoSuchGeneration,
    ViewsRebuilding,
)
from projections.engine.rebuilding.compare import Difference
from projections.engine.rebuilding.parallel_load import LoadFailed
from projections.engine.rebuilding.rebuild import OtherFacts, Rebuilding
from projections.engine.rebuilding.rebuild import rebuild as rebuild_views
from projections.engine.rebuilding.verify import BookReport
from projections.read_models import DEFINITIONS
from whence.cli.terminal import AsJson, print_json, progress_bar
from whence.errors import Unsuccessful
from whence.settings import Settings
from whence.verification import StoreReport, said, verify_store
from whence.wiring import generations_of, recording

Processes = Annotated[
    int | None,
    typer.Option(min=1, help="At most so many (PostgreSQL only); else one for each core."),
]

# Ids, books, currencies and moments.
_TELLS_NOBODY = re.compile(
    r"[a-z]+_[0-9a-z]{26}(/(test|live))?|[A-Z]{3}|\d{4}-\d\d(-\d\d(T[\d:.]+Z)?)?"
)


def rebuild(processes: Processes = None) -> None:
    """Derive every view anew beside those that serve. Then switch to them."""
    with opened_views() as (ledger, views), noticing("Rebuilding") as notice:
        rebuilt = rebuild_views(
            ledger,
            views,
            FactMapper(),
            DEFINITIONS,
            notice=notice,
            processes=processes or os.cpu_count() or 1,
        )
    typer.echo(
        f"Generation {rebuilt.number} serves: {rebuilt.facts:,} facts in {rebuilt.seconds:.1f} s."
    )


def verify(
    generation: Annotated[
        int | None, typer.Option(help="The number of another one than the one that serves.")
    ] = None,
    *,
    processes: Processes = None,
    json: AsJson = False,
) -> None:
    """Prove that the store is sound. No fact was touched, and what serves is what they say."""
    with opened_views() as (ledger, views), progress_bar("Verifying", "facts") as progress:
        task = progress.add_task("the store", total=sum(ledger.heads().values()))
        try:
            report = verify_store(
                ledger,
                views,
                number=generation,
                processes=processes or os.cpu_count() or 1,
                count=lambda facts: progress.advance(task, facts),
                found=lambda fault: progress.console.print(fault, markup=False),
            )
        except ViewsRebuilding as nothing:
            raise Unsuccessful(_why(nothing)) from None
    if json:
        print_json(_figures(report))
    wrong = list(_faults(report))
    if wrong:
        raise Unsuccessful("\n".join(wrong))
    if not json:
        typer.echo(_sound(report))


@contextmanager
def opened_views() -> Iterator[tuple[Ledger, Generations]]:
    settings = Settings.load()
    try:
        with (
            recording(settings, makes_store=False) as ledger,
            generations_of(settings, ledger) as views,
        ):
            yield ledger, views
    except (NoSuchGeneration, GenerationServes, OtherFacts, LoadFailed) as refused:
        raise Unsuccessful(str(refused)) from None


@contextmanager
def noticing(what: str) -> Iterator[Callable[[Rebuilding], None]]:
    with progress_bar(what, "facts") as progress:
        task = progress.add_task("the views", total=None)
        yield lambda state: progress.update(task, completed=state.facts, total=state.total)


def _why(nothing: ViewsRebuilding) -> str:
    if nothing.building is not None:
        return "the views of this release are being built: nothing was verified, for none serve yet"
    return (
        "no views serve this release: nothing was verified; `whence serve` builds them at its "
        "start, `whence rebuild` now"
    )


def _sound(report: StoreReport) -> str:
    books = report.views.books
    rows = sum(table.rows for book in books for table in book.tables)
    unchecked = report.integrity.unchecked
    database = f"; the database was not asked, since {unchecked}" if unchecked else ""
    return (
        f"{len(books)} books are sound: every fact, claim and kept answer, "
        f"and {rows:,} rows of views{database}."
    )


def _figures(report: StoreReport) -> dict[str, Any]:
    return {
        "generation": report.views.generation,
        "sound": report.is_sound,
        "database": report.integrity.unchecked or "checked",
        "books": [
            {
                "book": book.book,
                "position": book.checkpoint.position,
                "tables": {
                    str(table.name): {"rows": table.rows, "digest": table.digest}
                    for table in book.tables
                },
            }
            for book in report.views.books
        ],
    }


def _faults(report: StoreReport) -> Iterator[str]:
    yield from (f"the database says: {fault}" for fault in report.integrity.faults)
    yield from map(str, (*report.claims, *report.replies))
    for book in report.views.books:
        yield from _faults_of_a_book(book)


def _faults_of_a_book(report: BookReport) -> Iterator[str]:
    if isinstance(report.chain, BrokenChain):
        yield said(report.chain)
    if report.checkpoint.parked_error is not None:
        yield (
            f"{report.book}: parked at position {report.checkpoint.parked_position}: "
            f"{report.checkpoint.parked_error}"
        )
    if not report.is_of_this_ledger:
        yield f"{report.book}: its views were folded from other facts than the ledger has"
    for table in report.tables:
        if table.difference is not None:
            yield f"{report.book}: {table.name}: {_told(table.difference)}"


def _told(difference: Difference) -> str:
    row = ", ".join(f"{name}={_shown(value)}" for name, value in difference.key.items())
    if difference.column is not None:
        return (
            f"the row {row} has {difference.column}={_shown(difference.found)}, "
            f"the facts say {_shown(difference.expected)}"
        )
    if difference.found is None:
        return f"the row {row} is missing"
    return f"the row {row} should not be there"


# Names and addresses of people stand in rows as well, and an error must not print them.
def _shown(value: Any) -> str:
    if isinstance(value, str) and not _TELLS_NOBODY.fullmatch(value):
        return f"(a text of {len(value)})"
    return str(value) if isinstance(value, (str, int, float, bool, type(None))) else "(a value)"
