"""`whence db`: the schema of the ledger. The views have none: they are built anew instead."""

import typer

from ledger.restoring import begin_epoch
from whence.settings import Settings
from whence.wiring import generations_of, opened, recording

app = typer.Typer(help="The schema of the ledger.", no_args_is_help=True)


@app.command("upgrade")
def upgrade_() -> None:
    """Bring the ledger's schema up to date, under a lock; does nothing when it is."""
    with opened(Settings.load().database_url, upgraded=True):
        typer.echo("The ledger's schema is up to date.")


@app.command()
def restored() -> None:
    """Say that a backup was put back: begins a new epoch, and has the views built anew."""
    settings = Settings.load()
    with recording(settings) as ledger, generations_of(settings, ledger) as generations:
        for each in generations.list():
            generations.drop(each.number)
        identity = begin_epoch(ledger.engine)
    typer.echo(f"The store is {identity.store_id} in epoch {identity.epoch}.")
