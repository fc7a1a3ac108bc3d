"""`whence rebuild` and `whence verify`: the views derived anew, and held against the facts."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from ledger.ledger import Ledger
from projections.engine.generations.generations import (
    Generations,
    GenerationServes,
    NoSuchGeneration,
    ViewsRebuilding,
)
from projections.engine.rebuilding.parallel_load import LoadFailed
from projections.engine.rebuilding.rebuild import OtherFacts, Progress
from whence import maintenance
from whence.cli.terminal import AsJson, print_json, progress_bar
from whence.errors import Unsuccessful
from whence.faults import faults_in
from whence.maintenance import run_of
from whence.settings import Settings
from whence.verification import StoreReport
from whence.wiring import generations_of, recording

Processes = Annotated[
    int | None,
    typer.Option(min=1, help="At most so many (PostgreSQL only); else one for each core."),
]


def rebuild(processes: Processes = None) -> None:
    """Derive every view anew beside those that serve. Then switch to them."""
    with (
        opened_views() as (ledger, views),
        noticing("Rebuilding") as notice,
        run_of(ledger, "rebuild") as work,
    ):
        rebuilt = maintenance.rebuild(
            ledger, views, work, processes=processes or os.cpu_count() or 1, notice=notice
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
            with run_of(ledger, "verify") as work:
                report = maintenance.verify(
                    ledger,
                    views,
                    work,
                    number=generation,
                    processes=processes or os.cpu_count() or 1,
                    count=lambda facts: progress.advance(task, facts),
                    found=lambda fault: progress.console.print(fault, markup=False),
                )
        except ViewsRebuilding as nothing:
            raise Unsuccessful(_why(nothing)) from None
    if json:
        print_json(_figures(report))
    wrong = [fault.sentence for fault in faults_in(report)]
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
def noticing(what: str) -> Iterator[Callable[[Progress], None]]:
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
