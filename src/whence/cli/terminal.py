"""Terminal output: what the commands share in speaking to people, or to programs in JSON."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import orjson
import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from whence.errors import Unsuccessful

T = TypeVar("T", bound=BaseModel)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

# Where nobody looks, nothing is folded.
_WIDE = 160


def validated(command: type[T], **values: Any) -> T:
    """The command that the arguments make; raises Unsuccessful, naming the first that is wrong."""
    try:
        return command(**values)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        named = " ".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise Unsuccessful(f"{named}: {reason}") from None


def print_json(value: Any) -> None:
    typer.echo(orjson.dumps(value).decode())


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on stdout; columns whose name ends in a space after it are aligned right."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        right = column.endswith(" ")
        table.add_column(column.strip(), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_plain(value) for value in row))
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)


# What others named must not steer the terminal: neither by markup nor by control characters.
def _plain(value: Any) -> Text:
    text = "" if value is None else str(value)
    return Text(
        "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    )


@contextmanager
def progress_bar(what: str, unit: str, *, console: Console | None = None) -> Iterator[Progress]:
    """A bar on stderr with the rate and the time left; its tasks count in ``unit``.

    When all is counted and there is still something to do, it says so.
    """
    with Progress(
        TextColumn(f"[bold]{what}[/bold] {{task.description}}"),
        BarColumn(bar_width=None),
        _Share(),
        _Rate(unit),
        _Left(),
        console=console or Console(stderr=True),
        expand=True,
    ) as progress:
        yield progress
        for task in progress.tasks:
            progress.update(task.id, is_over=True)


class _Share(ProgressColumn):
    """In hundredths, of which there are a hundred only when it is over."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text("")
        share = 100 if task.fields.get("is_over") else min(int(task.percentage), 99)
        return Text(f"{share:>3}%", style="progress.percentage")


class _Rate(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {self._unit}/s" if speed else "")


class _Left(TimeRemainingColumn):
    def render(self, task: Task) -> Text:
        if task.fields.get("is_over"):
            return Text("")
        if task.finished:
            return Text("finishing")
        return super().render(task) + Text(" left")
