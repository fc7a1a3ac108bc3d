"""`whence generations`: the sets of views, of which one serves and others are kept."""

from typing import Annotated, Any

import typer

from ledger.facts import FactMapper
from projections.engine.generations.registry import Registered
from projections.engine.rebuilding.rebuild import switch
from projections.read_models import DEFINITIONS
from whence.cli.terminal import AsJson, print_json, print_table
from whence.cli.views import noticing, opened_views

app = typer.Typer(
    help="The sets of views: one serves, others are kept.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Number = Annotated[int, typer.Argument(help="The number of a generation.")]


@app.command("list")
def list_(*, json: AsJson = False) -> None:
    """List the sets of views, the oldest first."""
    with opened_views() as (_, views):
        found = views.list()
    if json:
        print_json([_described(each) for each in found])
    else:
        columns = ("number ", "state", "made for", "progress ", "since")
        print_table("Generations", columns, [_row(each) for each in found])


@app.command("switch")
def switch_(number: Number) -> None:
    """Let a kept set of views serve again, brought up to date first."""
    with opened_views() as (ledger, views), noticing("Catching up") as notice:
        switched = switch(ledger, views, FactMapper(), DEFINITIONS, number, notice=notice)
    typer.echo(f"Generation {number} serves: {switched.facts:,} facts behind, now up to date.")


@app.command()
def drop(
    number: Number,
    *,
    unused: Annotated[
        bool, typer.Option("--unused", help="Although it serves a release: that runs no more.")
    ] = False,
) -> None:
    """Take a set of views away for good; never the one that serves this release."""
    with opened_views() as (_, views):
        mine = {each.number for each in views.list() if _is_of_this_release(each)}
        views.discard(number, even_serving=unused and number not in mine)
    typer.echo(f"Generation {number} is gone.")


def _is_of_this_release(each: Registered) -> bool:
    return each.definitions == DEFINITIONS.digest()


def _described(each: Registered) -> dict[str, Any]:
    described = {
        "number": each.number,
        "state": each.state,
        "this_release": _is_of_this_release(each),
        "created_at": each.created_at,
    }
    if each.state == "building":
        described |= {"facts": each.facts, "total": each.total}
    return described


def _row(each: Registered) -> tuple[object, ...]:
    release = "this release" if _is_of_this_release(each) else "another release"
    is_building = each.state == "building"
    progress = f"{each.facts:,} of {each.total:,} facts" if is_building else None
    return each.number, each.state, release, progress, each.created_at
