"""`whence db`: the schema of the ledger. The views have none: they are built anew instead."""

import typer

from whence.settings import Settings
from whence.wiring import opened

app = typer.Typer(help="The schema of the ledger.", no_args_is_help=True)


@app.command("upgrade")
def upgrade_() -> None:
    """Bring the ledger's schema up to date, under a lock; does nothing when it is."""
    with opened(Settings.load().database_url, upgraded=True):
        typer.echo("The ledger's schema is up to date.")


# A group of one command would otherwise be taken for the command itself.
@app.callback()
def _group() -> None:
    pass
