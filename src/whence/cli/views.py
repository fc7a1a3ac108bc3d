"""`whence rebuild` and `whence verify`: the views derived anew, and held against the facts."""

import os
from collections.abc import Iterator
from typing import Annotated

import typer

from ledger.chain import BrokenChain
from ledger.facts import FactMapper
from projections.folds import DEFINITIONS
from projections.rebuild import Rebuilding, ensure_views
from projections.rebuild import rebuild as rebuild_views
from projections.verification import BookReport, Difference
from projections.verification import verify as verify_views
from whence.cli.terminal import progress_bar
from whence.errors import Unsuccessful
from whence.settings import Settings
from whence.wiring import generations_of, recording


def rebuild(
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="At most so many (PostgreSQL only); else one for each core."),
    ] = None,
) -> None:
    """Derive every view anew, beside the ones that serve, then switch to them."""
    settings = Settings.load()
    with (
        recording(settings) as ledger,
        generations_of(settings, ledger) as generations,
        progress_bar("Rebuilding", "facts") as progress,
    ):
        task = progress.add_task("the views", total=None)

        def notice(state: Rebuilding) -> None:
            progress.update(task, completed=state.facts, total=state.total)

        rebuilt = rebuild_views(
            ledger,
            generations,
            FactMapper(),
            DEFINITIONS,
            notice=notice,
            processes=processes or os.cpu_count() or 1,
        )
    typer.echo(
        f"Generation {rebuilt.number} serves: {rebuilt.facts:,} facts in {rebuilt.seconds:.1f} s."
    )


def verify() -> None:
    """Prove that no fact was touched, and that every view is what the facts say."""
    settings = Settings.load()
    mapper = FactMapper()
    with (
        recording(settings) as ledger,
        generations_of(settings, ledger) as generations,
        progress_bar("Verifying", "facts") as progress,
    ):
        ensure_views(ledger, generations, mapper, DEFINITIONS)
        task = progress.add_task("the views", total=sum(ledger.heads().values()))
        report = verify_views(
            ledger,
            generations,
            mapper,
            DEFINITIONS,
            count=lambda facts: progress.advance(task, facts),
        )
    wrong = [sentence for book in report.books for sentence in _faults(book)]
    if wrong:
        raise Unsuccessful("\n".join(wrong))
    rows = sum(table.rows for book in report.books for table in book.tables)
    typer.echo(f"{len(report.books)} books are sound: every fact, and {rows:,} rows of views.")


def _faults(report: BookReport) -> Iterator[str]:
    if isinstance(report.chain, BrokenChain):
        yield f"{report.book}: position {report.chain.position} {report.chain.reason}"
    if report.checkpoint.parked_error is not None:
        yield (
            f"{report.book}: parked at position {report.checkpoint.parked_position}: "
            f"{report.checkpoint.parked_error}"
        )
    for table in report.tables:
        if table.difference is not None:
            yield f"{report.book}: {table.name}: {_said(table.difference)}"


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
