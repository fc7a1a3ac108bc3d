"""`whence db`: the ledger's tables, and the ledger as a whole: moved, backed up, put back."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from ledger.copying import StoreNotEmpty, copy_store
from ledger.distribution import NotDistributable, distribute_store
from ledger.private_files import drafted
from ledger.proving import NotWhole, Proven, prove
from ledger.restoring import begin_epoch
from whence.cli.terminal import AsJson, print_json, print_table, progress_bar
from whence.errors import Unsuccessful
from whence.settings import Settings
from whence.wiring import generations_of, open_database, recording

app = typer.Typer(help="The ledger as a whole.", no_args_is_help=True, rich_markup_mode=None)


@app.command("upgrade")
def upgrade_() -> None:
    """Bring the ledger's schema up to date, under a lock; does nothing when it is."""
    with open_database(Settings.load().database_url, upgraded=True):
        typer.echo("The ledger's schema is up to date.")


@app.command()
def copy(
    to: Annotated[str, typer.Argument(help="An empty database: sqlite:///… or postgresql://…")],
    *,
    json: AsJson = False,
) -> None:
    """Copy the whole ledger into another, empty database, as of this moment, and read it back."""
    other = Settings.load(database_url=to)
    with open_database(Settings.load().database_url, upgraded=False) as source:
        proven = _copied(source, other.database_url)
    _say(proven, json=json)
    if not json:
        typer.echo(
            "Stop the service before the copy that counts, then start it with "
            "WHENCE_DATABASE_URL set to the new database: the views are built anew."
        )


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A file that is not there yet.")],
    *,
    json: AsJson = False,
) -> None:
    """Copy the whole ledger into a new SQLite file, while it is in use, and read it back."""
    try:
        with (
            open_database(Settings.load().database_url, upgraded=False) as source,
            drafted(file) as draft,
        ):
            proven = _copied(source, f"sqlite:///{draft}")
    except OSError as error:
        raise Unsuccessful(f"the backup cannot be made: {error}") from None
    _say(proven, json=json)


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


def _copied(source: Engine, target_url: str) -> Proven:
    """Copies, and proves the copy: opened anew, it is read back from its beginning to its heads."""
    try:
        with (
            open_database(target_url, upgraded=True) as target,
            progress_bar("Copying", "facts") as progress,
        ):
            task = progress.add_task("the ledger", total=None)
            copy_store(
                source,
                target,
                notice=lambda facts, total: progress.update(task, completed=facts, total=total),
            )
        with open_database(target_url, upgraded=False) as copied:
            return prove(copied)
    except (StoreNotEmpty, NotWhole) as refused:
        raise Unsuccessful(str(refused)) from None


def _say(proven: Proven, *, json: bool) -> None:
    store = {"store": proven.identity.store_id, "epoch": proven.identity.epoch}
    books = [
        {"book": book, "position": chain.position, "digest": chain.digest.hex()}
        for book, chain in proven.books.items()
    ]
    if json:
        print_json(store | {"facts": proven.facts, "books": books})
        return
    rows = [tuple(each.values()) for each in books]
    print_table("Read back, every chain whole", ("book", "position ", "digest"), rows)
    typer.echo(
        f"Copied {proven.facts:,} facts in {len(books)} books; "
        "the copy is store {store} in epoch {epoch}.".format(**store)
    )
