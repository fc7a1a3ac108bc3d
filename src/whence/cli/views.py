"""`whence rebuild` and `whence verify`: the views derived anew, and held against the facts."""

import os
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
)
from projections.engine.rebuilding.compare import Difference
from projections.engine.rebuilding.parallel_load import LoadFailed
from projections.engine.rebuilding.rebuild import OtherFacts, Rebuilding, ensure_views
from projections.engine.rebuilding.rebuild import rebuild as rebuild_views
from projections.engine.rebuilding.verify import BookReport, Report
from projections.engine.rebuilding.verify import verify as verify_views
from projections.read_models import DEFINITIONS
from whence.cli.terminal import AsJson, print_json, progress_bar
from whence.errors import Unsuccessful
from whence.settings import Settings
from whence.wiring import generations_of, recording

Processes = Annotated[
    int | None,
    typer.Option(min=1, help="At most so many (PostgreSQL only); else one for each core."),
]


def rebuild(processes: Processes = None) -> None:
    """Derive every view anew, beside the ones that serve, then switch to them."""
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
    """Prove that no fact was touched, and that every view is what the facts say."""
    mapper = FactMapper()
    with opened_views() as (ledger, views), progress_bar("Verifying", "facts") as progress:
        ensure_views(ledger, views, mapper, DEFINITIONS)
        task = progress.add_task("the views", total=sum(ledger.heads().values()))
        report = verify_views(
            ledger,
            views,
            mapper,
            DEFINITIONS,
            number=generation,
            processes=processes or os.cpu_count() or 1,
            count=lambda facts: progress.advance(task, facts),
            broken=lambda chain: progress.console.print(_broken(chain), markup=False),
        )
    if json:
        print_json(_figures(report))
    wrong = [sentence for book in report.books for sentence in _faults(book)]
    if wrong:
        raise Unsuccessful("\n".join(wrong))
    rows = sum(table.rows for book in report.books for table in book.tables)
    if not json:
        typer.echo(f"{len(report.books)} books are sound: every fact, and {rows:,} rows of views.")


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


def _figures(report: Report) -> dict[str, Any]:
    return {
        "generation": report.generation,
        "sound": report.is_sound,
        "books": [
            {
                "book": book.book,
                "position": book.checkpoint.position,
                "tables": {
                    str(table.name): {"rows": table.rows, "digest": table.digest}
                    for table in book.tables
                },
            }
            for book in report.books
        ],
    }


def _faults(report: BookReport) -> Iterator[str]:
    if isinstance(report.chain, BrokenChain):
        yield _broken(report.chain)
    if report.checkpoint.parked_error is not None:
        yield (
            f"{report.book}: parked at position {report.checkpoint.parked_position}: "
            f"{report.checkpoint.parked_error}"
        )
    if report.unfounded is not None:
        claim = report.unfounded
        yield f"{report.book}: {claim.kind} is held for {claim.stream}, which has no facts"
    for table in report.tables:
        if table.difference is not None:
            yield f"{report.book}: {table.name}: {_said(table.difference)}"


def _broken(chain: BrokenChain) -> str:
    return f"{chain.book}: position {chain.position} {chain.reason}"


def _said(difference: Difference) -> str:
    row = ", ".join(f"{name}={value}" for name, value in difference.key.items())
    if difference.column is not None:
        return (
            f"the row {row} has {difference.column}={difference.found!r}, "
            f"the facts say {difference.expected!r}"
        )
    if difference.found is None:
        return f"the row {row} is missing"
    return f"the row {row} should not be there"
