"""`whence demo`: a year of a believable merchant, and what the views say about it."""

import asyncio
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from commands.handling.handler import Context
from commands.organizations import found_organization
from domain.book import Book
from domain.money import shown
from ledger.private_files import make_private_file, make_private_folder
from projections.source_breakdown import (
    RankedSources,
    SourceBreakdown,
    ranked_sources,
    source_breakdown,
)
from projections.top_customers import TopCustomers, top_customers
from whence.cli.terminal import print_table, progress_bar
from whence.demo.fill import Fill
from whence.demo.year import Year
from whence.first_run import keys_file, show_keys
from whence.settings import Settings
from whence.wiring import handling, projecting, recording, utc_now

NAME = "Demo merchant"

_PATIENCE_SECONDS = 600
_QUESTIONS = (
    "customers/top?limit=3",
    "payments/stats/sources?source=payment_link&group_by=source_id",
    "payment-links?limit=1",
)


def demo(
    seed: Annotated[int, typer.Option(help="The same seed and end tell the same story.")] = 1,
    customers: Annotated[int, typer.Option(min=2, help="How many.")] = 4000,
    payments: Annotated[
        int, typer.Option(min=1, help="About how many, those of subscriptions included.")
    ] = 30000,
    until: Annotated[
        datetime | None, typer.Option(help="When the year ends (UTC); else: this hour.")
    ] = None,
) -> None:
    """Fill a test book with a year of a believable merchant. It is that of a new organization."""
    settings = Settings.load()
    ends_at = (until or utc_now()).replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    with (
        recording(settings) as ledger,
        handling(ledger) as handler,
        projecting(settings, ledger) as reading,
    ):
        founded = asyncio.run(found_organization(handler, NAME, context=Context(actor="demo")))
        book = str(Book(founded.org_id, "test"))
        year = Year(seed=seed, until=ends_at, customers=customers, payments=payments)
        acts = year.acts()
        with progress_bar("Living through", "steps") as progress:
            task = progress.add_task("a year of history", total=len(acts))
            fill = Fill(ledger, book, seed=seed, progress=lambda done: progress.advance(task, done))
            asyncio.run(fill.run(acts, until=ends_at))
        told = asyncio.run(reading.views.ask(book, _figures(book), wait_seconds=_PATIENCE_SECONDS))
    _show(told.result)
    typer.echo()
    show_keys(NAME, founded)
    typer.echo(_to_try(settings, _kept(settings, founded.keys["test"])))


def _kept(settings: Settings, key: str) -> Path:
    """A file of its owner's alone with the key of the newest demo in it, and nothing else."""
    file = keys_file(settings).with_name("demo.key")
    make_private_folder(file.parent)
    file.unlink(missing_ok=True)
    make_private_file(file)
    file.write_text(f"{key}\n")
    return file


def _to_try(settings: Settings, key: Path) -> str:
    """What an answer looks like, how, and where its pages are found."""
    api = f"http://{settings.host}:{settings.port}/v1"
    return "\n".join(
        (
            f"\nThe test key is in {key} as well. Try it, while the service runs (make run):\n",
            f"  KEY=$(cat {shlex.quote(str(key))})",
            *(
                f"  curl -sS -w '\\n' '{api}/{question}' -H \"X-Reevit-Key: $KEY\""
                for question in _QUESTIONS
            ),
            "\nThe last answer has the url of a page on which anybody pays: open it in a browser.",
        )
    )


@dataclass(frozen=True)
class _Figures:
    top: TopCustomers
    sources: SourceBreakdown
    campaigns: RankedSources


def _figures(book: str) -> Callable[[Connection], _Figures]:
    return lambda connection: _Figures(
        top=top_customers(connection, book),
        sources=source_breakdown(connection, book),
        campaigns=ranked_sources(connection, book, source="payment_link", limit=10),
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
                f"{each.successful_payments:,}",
            )
            for each in figures.top.page.rows
        ),
    )
    for title, heading, named, sources in (
        ("Where the payments came from", "source", "source", figures.sources.by_source),
        (
            "Which campaigns brought most",
            "payment link",
            "source_description",
            figures.campaigns.page.rows,
        ),
    ):
        print_table(
            f"{title}, in {currency}",
            (heading, "payments ", "amount ", "share "),
            (
                (
                    getattr(each, named),
                    f"{each.succeeded:,}",
                    shown(each.amount, currency),
                    f"{each.amount_share:.1%}",
                )
                for each in sources
            ),
        )
