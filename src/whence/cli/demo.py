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

from api.resources.payment_links import page_address
from commands.handling.handler import Context
from commands.organizations import found_organization
from domain.book import Book
from domain.money import shown
from projections.payment_links import LinkFilter, LinkRecord, payment_link_list
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
from whence.demo_key import keep
from whence.first_run import show_keys
from whence.settings import Settings
from whence.wiring import handling, projecting, recording, utc_now

NAME = "Demo merchant"

_PATIENCE_SECONDS = 600
_QUESTIONS = (
    "customers/top?limit=3",
    "payments/stats/sources?source=payment_link&group_by=source_id",
)


def demo(
    seed: Annotated[int, typer.Option(help="The same seed and end tell the same story.")] = 1,
    customers: Annotated[int, typer.Option(min=2, help="How many.")] = 4000,
    payments: Annotated[
        int, typer.Option(min=1, help="About how many, those of subscriptions included.")
    ] = 30000,
    until: Annotated[
        datetime | None, typer.Option(help="When the year ends (UTC); else: now.")
    ] = None,
) -> None:
    """Fill a test book with a year of a believable merchant. It is that of a new organization."""
    settings = Settings.load()
    ends_at = (until or utc_now()).replace(microsecond=0, tzinfo=UTC)
    year = Year(seed=seed, until=ends_at, customers=customers, payments=payments)
    # It is founded when its year begins: nothing in a book is recorded before what stands there.
    with (
        recording(settings, clock=lambda: year.begins_at) as ledger,
        handling(ledger, clock=lambda: year.begins_at) as handler,
        projecting(settings, ledger) as reading,
    ):
        founded = asyncio.run(found_organization(handler, NAME, context=Context(actor="demo")))
        book = str(Book(founded.org_id, "test"))
        acts = year.acts()
        with progress_bar("Living through", "steps") as progress:
            task = progress.add_task("a year of history", total=len(acts))
            fill = Fill(ledger, book, seed=seed, progress=lambda done: progress.advance(task, done))
            asyncio.run(fill.run(acts, until=ends_at))
        told = asyncio.run(reading.views.ask(book, _figures(book), wait_seconds=_PATIENCE_SECONDS))
    _show(told.result)
    typer.echo()
    show_keys(NAME, founded)
    key = keep(settings, founded.keys["test"])
    typer.echo(_to_try(settings, key, told.result.link.code, founded.org_id))


def _to_try(settings: Settings, key: Path, code: str, org_id: str) -> str:
    """Where to look, how to ask, where anybody pays, and how all of it goes again."""
    site = settings.public_url or f"http://{settings.host}:{settings.port}"
    return "\n".join(
        (
            "\nLook at it, while the service runs (make run):\n",
            f"  {site}/console",
            f"\nSign in with the test key: it is in {key} as well. Pay as anybody may:\n",
            f"  {page_address(site, code)}",
            "\nAsk as a program does:\n",
            f"  KEY=$(cat {shlex.quote(str(key))})",
            *(
                f"  curl -sS -w '\\n' '{site}/v1/{question}' -H \"X-Reevit-Key: $KEY\""
                for question in _QUESTIONS
            ),
            f"\nTo take all of it away again:\n\n  whence organizations delete {org_id}",
        )
    )


@dataclass(frozen=True)
class _Figures:
    top: TopCustomers
    sources: SourceBreakdown
    campaigns: RankedSources
    link: LinkRecord


def _figures(book: str) -> Callable[[Connection], _Figures]:
    return lambda connection: _Figures(
        top=top_customers(connection, book),
        sources=source_breakdown(connection, book),
        campaigns=ranked_sources(connection, book, source="payment_link", limit=10),
        link=_best_link(connection, book),
    )


def _best_link(connection: Connection, book: str) -> LinkRecord:
    return (
        payment_link_list(
            connection, book, LinkFilter(), now=utc_now(), sort_by="total_revenue", limit=1
        )
        .rows[0]
        .link
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
