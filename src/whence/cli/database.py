"""`whence db`: the ledger's tables, and the ledger as a whole: moved, backed up, put back."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from ledger.chain import BrokenChain
from ledger.copying import StoreNotEmpty, copy_store
from ledger.distribution import NotDistributable, distribute_store
from ledger.reading import heads, verify
from ledger.restoring import begin_epoch
from whence.cli.terminal import progress_bar
from whence.errors import Unsuccessful
from whence.settings import Settings
from whence.wiring import generations_of, open_database, recording

app = typer.Typer(help="The ledger as a whole.", no_args_is_help=True)


@app.command("upgrade")
def upgrade_() -> None:
    """Bring the ledger's schema up to date, under a lock; does nothing when it is."""
    with open_database(Settings.load().database_url, upgraded=True):
        typer.echo("The ledger's schema is up to date.")


@app.command()
def copy(
    to: Annotated[str, typer.Argument(help="An empty database: sqlite:///… or postgresql://…")],
) -> None:
    """Copy the whole ledger into another, empty database, as of this moment."""
    other = Settings.load(database_url=to)
    with open_database(Settings.load().database_url, upgraded=False) as source:
        _copy(source, other)
        typer.echo(
            "Stop the service before the copy that counts, then start it with "
            "WHENCE_DATABASE_URL set to the new database: the views are built anew."
        )


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A file that is not there yet.")],
) -> None:
    """Copy the whole ledger into a new SQLite file, while it is in use."""
    if file.exists():
        raise Unsuccessful(f"{file} is there already: a backup overwrites nothing")
    with open_database(Settings.load().database_url, upgraded=False) as source:
        _copy(source, Settings.load(database_url=f"sqlite:///{file}"))


@app.command()
def restored() -> None:
    """Say that a backup was put back: begins a new epoch, and has the views built anew."""
    settings = Settings.load()
    with (
        recording(settings, makes_store=False) as ledger,
        generations_of(settings, ledger) as generations,
    ):
        for each in generations.list():
            generations.drop(each.number)
        identity = begin_epoch(ledger.engine)
    typer.echo(f"The store is {identity.store_id} in epoch {identity.epoch}.")


@app.command()
def distribute() -> None:
    """Spread every table over the machines of a Citus cluster by book, while nobody uses them."""
    settings = Settings.load()
    with (
        recording(settings, makes_store=False) as ledger,
        generations_of(settings, ledger) as generations,
    ):
        try:
            spread = [*distribute_store(ledger.engine), *generations.distribute()]
        except NotDistributable as refused:
            raise Unsuccessful(str(refused)) from None
    if spread:
        typer.echo(f"Distributed by book: {', '.join(spread)}. New tables will be by themselves.")
    else:
        typer.echo("Every table is distributed already.")


def _copy(source: Engine, other: Settings) -> None:
    """Copies, proves the copy by its chains, and says what there is in it."""
    with (
        open_database(other.database_url, upgraded=True) as target,
        progress_bar("Copying", "facts") as progress,
    ):
        task = progress.add_task("the ledger", total=None)
        try:
            identity = copy_store(
                source,
                target,
                notice=lambda facts, total: progress.update(task, completed=facts, total=total),
            )
        except StoreNotEmpty as refused:
            raise Unsuccessful(str(refused)) from None
        copied = heads(target)
        for book in copied:
            proven = verify(target, book)
            if isinstance(proven, BrokenChain):
                raise Unsuccessful(f"{proven.book}: position {proven.position} {proven.reason}")
    typer.echo(
        f"Copied {sum(copied.values()):,} facts in {len(copied)} books, every chain whole; "
        f"the copy is store {identity.store_id} in epoch {identity.epoch}."
    )
