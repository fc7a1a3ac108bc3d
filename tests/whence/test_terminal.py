"""Terminal: help without waiting, completion by the shell, and bars that fit and tell the truth."""

import io
import subprocess
import sys

import pytest
import typer
from rich.console import Console

from whence.cli import command_line
from whence.cli.terminal import progress_bar

# What takes long to import, each with all it brings along.
HEAVY = {
    *("alembic", "fastapi", "pydantic", "sqlalchemy", "structlog", "uvicorn", "whence.settings"),
    *("markdown_it", "rich"),
}


def imported_by(*arguments):
    """The modules that a command of its own imports."""
    program = (
        "import sys\n"
        f"sys.argv = ['whence', *{arguments!r}]\n"
        "from whence.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print('\\n', *sys.modules, sep='\\n', file=sys.stderr)\n"
    )
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    return set(done.stderr.splitlines())


@pytest.mark.parametrize("asked", ["--version", "--help"])
def test_who_asks_for_help_waits_for_nothing_that_a_command_needs(asked):
    imported = imported_by(asked)

    assert "whence.cli" in imported
    assert not imported & HEAVY


def test_a_line_of_help_for_each_command_fits_a_terminal(whence, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    _, commands = whence("--help").stdout.split("Commands:")

    assert "..." not in commands
    assert max(map(len, commands.splitlines())) <= 80


def test_a_command_says_the_same_of_itself_before_and_after_it_is_imported():
    named = typer.main.get_command(command_line("--help")).commands
    real = typer.main.get_command(command_line()).commands

    assert {name: each.help for name, each in named.items()} == {
        name: each.help for name, each in real.items()
    }


def test_a_shell_completes_commands_and_what_they_have(whence, monkeypatch):
    monkeypatch.setenv("_WHENCE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "whence keys ")
    monkeypatch.setenv("COMP_CWORD", "2")

    assert whence().stdout.split() == ["create", "import", "list", "revoke"]


def test_a_bar_fits_a_terminal_and_is_full_only_when_it_is_over():
    screen = io.StringIO()
    console = Console(file=screen, width=80, force_terminal=True, legacy_windows=False)

    with progress_bar("Living through", "steps", console=console) as progress:
        task = progress.add_task("a year of history", total=1_000_000)
        progress.update(task, completed=1_000_000)
        progress.refresh()
        before_it_is_over = screen.getvalue()
        [line] = console.render_lines(progress.get_renderable())[:1]

    assert "finishing" in before_it_is_over
    assert "100%" not in before_it_is_over
    assert "100%" in screen.getvalue()
    assert sum(part.cell_length for part in line) <= 80
    assert "Living through a year of history" in "".join(part.text for part in line)
