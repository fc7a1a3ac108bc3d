"""`whence customers`: what an operator does for one customer of an organization."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from api.customers.archive.source import Source
from api.customers.archive.whole import archive_of, file_name
from commands.customers import customer_called, take_customer_data
from commands.handling.handler import Context
from commands.handling.unit_of_work import UnitOfWork
from domain.book import Book, Mode
from ledger.ledger import Ledger
from ledger.private_files import drafted
from projections.engine.folding.checkpoints import Checkpoint, read_checkpoints
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import ViewsRebuilding
from projections.read_models import DEFINITIONS
from whence.errors import Unsuccessful
from whence.settings import Settings
from whence.wiring import generations_of, handling, recording, utc_now

app = typer.Typer(
    help="The customers of an organization.", no_args_is_help=True, rich_markup_mode=None
)

_OPERATOR: Final = Context(actor="operator")


@app.callback()
def _group() -> None:
    """The customers of an organization."""


@app.command()
def data(
    org_id: Annotated[str, typer.Argument(help="The organization, org_…")],
    customer: Annotated[str, typer.Argument(help="The customer, cus_… or the merchant's own id.")],
    *,
    mode: Annotated[Mode, typer.Option(help="Which of its two books: test or live.")] = "live",
    to: Annotated[
        Path | None, typer.Option(help="The file to make; else cus_….zip in this folder.")
    ] = None,
) -> None:
    """Write all that is kept of one customer into an archive. That it was asked is recorded."""
    book, settings = Book(org_id, mode), Settings.load()
    with (
        recording(settings, makes_store=False) as ledger,
        generations_of(settings, ledger) as generations,
    ):
        try:
            views = generations.serving(DEFINITIONS)
        except ViewsRebuilding as nothing:
            raise Unsuccessful(str(nothing)) from None
        _must_show_all(ledger, views, book)
        try:
            file = _written(ledger, views, book, customer, to)
        except OSError as error:
            raise Unsuccessful(f"the archive cannot be made: {error}") from None
    typer.echo(f"{file} holds all that is kept of {customer}")


def _must_show_all(ledger: Ledger, views: Generation, book: Book) -> None:
    head = ledger.head(str(book))
    if not head:
        raise Unsuccessful(f"there is no book {book}")
    with views.reading() as connection:
        shown = read_checkpoints(connection, [str(book)]).get(str(book), Checkpoint())
    if shown.position < head:
        raise Unsuccessful(
            f"the views are late by {head - shown.position:,} of the facts: nothing was made; "
            "`whence serve` or `whence project` brings them up to date"
        )


def _written(ledger: Ledger, views: Generation, book: Book, customer: str, to: Path | None) -> Path:
    with handling(ledger) as handler:
        take = partial(_take, named=customer)
        customer_id = asyncio.run(handler.perform(str(book), take, context=_OPERATOR))
    file = to or Path(file_name(customer_id))
    with drafted(file) as draft, views.reading() as connection:
        draft.touch(0o600)
        with draft.open("wb") as archive:
            for piece in archive_of(Source(connection, ledger, book, customer_id), utc_now()):
                archive.write(piece)
    return file


async def _take(work: UnitOfWork, named: str) -> str:
    """Our id, else the merchant's own."""
    customer_id = await customer_called(work, named) or named
    return await take_customer_data(work, customer_id, _OPERATOR.actor or "")
