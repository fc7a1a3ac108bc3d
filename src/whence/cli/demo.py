"""`whence demo`: a year of a believable merchant, and what the views say about it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer
from sqlalchemy import Connection

from commands.handler import Context
from commands.organizations import found_organization
from domain.book import Book
from domain.money import shown
from projections.source_breakdown import SourceBreakdown, source_breakdown
from projections.top_customers import TopCustomers, top_customers
from whence.cli.organizations import introduce
from whence.cli.terminal import print_table, progress_bar
from whence.demo.fill import Fill
from whence.demo.year import Year
from whence.settings import Settings
from whence.wiring import handling, projecting, recording, utc_now

NAME = "Demo merchant"

_PATIENCE_SECONDS = 600


def demo(
    seed: Annotated[int, typer.Option(help="The same seed tells the same story.")] = 1,
    customers: Annotated[int, typer.Option(min=2, help="How many.")] = 4000,
    payments: Annotated[int, typer.Option(min=1, help="How many.")] = 30000,
) -> None:
    """Fill the test book of a new organization with a year of customers and payments."""
    settings = Settings.load()
    with (
        recording(settings) as ledger,
        handling(ledger) as handler,
        projecting(settings, ledger) as reading,
    ):
        founded = asyncio.run(found_organization(handler, NAME, context=Context(actor="demo")))
        book = str(Book(founded.org_id, "test"))
        year = Year(seed=seed, until=utc_now(), customers=customers, payments=payments)
        acts = year.acts()
        with progress_bar("Living through", "facts") as progress:
            task = progress.add_task("a year of history", total=len(acts))
            Fill(ledger, book, progress=lambda done: progress.advance(task, done)).run(acts)
        told = asyncio.run(reading.views.ask(book, _figures(book), wait_seconds=_PATIENCE_SECONDS))
    _show(told.result)
    typer.echo()
    introduce(NAME, founded)


@dataclass(frozen=True)
class _Figures:
    top: TopCustomers
    sources: SourceBreakdown


def _figures(book: str) -> Callable[[Connection], _Figures]:
    return lambda connection: _Figures(
        top_customers(connection, book), source_breakdown(connection, book)
    )


def _show(figures: _Figures) -> None:
    currency = figures.top.currency or ""
    print_table(
        f"Top customers, in {currency}",
        ("customer", "name", "spent ", "payments "),
        (
            (
                each.profile.customer_id,
                each.profile.record.name,
                shown(each.total_spent, each.currency),
                each.successful_payments,
            )
            for each in figures.top.page.rows
        ),
    )
    print_table(
        f"Where the payments came from, in {currency}",
        ("source", "name", "payments ", "amount ", "share "),
        (
            (
                each.source,
                each.source_description,
                each.succeeded,
                shown(each.amount, currency),
                f"{each.amount_share:.1%}",
            )
            for each in figures.sources.by_source_id
        ),
    )
