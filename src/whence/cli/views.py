"""`whence rebuild` and `whence verify`: the views derived anew, and held against the facts."""

import typer

from ledger.facts import FactMapper
from projections.folds import DEFINITIONS
from projections.rebuild import Rebuilding
from projections.rebuild import rebuild as rebuild_views
from whence.cli.terminal import progress_bar
from whence.settings import Settings
from whence.wiring import generations_of, recording


def rebuild() -> None:
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

        rebuilt = rebuild_views(ledger, generations, FactMapper(), DEFINITIONS, notice=notice)
    typer.echo(
        f"Generation {rebuilt.number} serves: {rebuilt.facts:,} facts in {rebuilt.seconds:.1f} s."
    )


def verify() -> None:
    """Prove that no fact was touched, and that every view is what the facts say."""
    raise NotImplementedError
