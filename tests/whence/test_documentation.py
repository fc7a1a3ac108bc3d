"""Documentation is true: settings, commands, routes, metrics, targets and links."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from pkgutil import resolve_name

import click
import psycopg
import pytest
import typer
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from delivery.progress import DeliveryProgress
from ledger import schema as ledger
from projections.engine.live.progress import PastProgress, Progress
from whence.application import serving
from whence.cli import command_line
from whence.metrics import Metrics
from whence.settings import Settings, variable
from whence.wiring import projecting, recording

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
ROOMS = [path.name for path in (ROOT / "src").iterdir()]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def first_cells(pattern: str) -> set[str]:
    """What stands in backticks in the first cell of each row of the tables of operations.md."""
    return set(re.findall(rf"^\| `({pattern})", OPERATIONS, re.MULTILINE))


def commands() -> dict[str, click.Command]:
    def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        children = getattr(command, "commands", None)
        if children is None:
            yield name, command
            return
        for child_name, child in children.items():
            yield from walk(f"{name} {child_name}", child)

    return dict(walk("whence", typer.main.get_command(command_line())))


def test_every_setting_is_documented_and_every_documented_setting_exists():
    assert first_cells("WHENCE_[A-Z0-9_]+") == {variable(field) for field in Settings.model_fields}


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_the_documented_default_of_a_setting_is_its_default(field):
    default = Settings.model_fields[field].default
    shown = str(default).lower() if isinstance(default, bool) else str(default or "none")

    row = re.search(rf"^\| `{variable(field)}` \| `?([^`|]+?)`? \|", OPERATIONS, re.MULTILINE)

    assert row is not None
    assert row[1] == shown


def test_every_command_is_documented_and_every_documented_command_exists():
    assert first_cells("whence [a-z][a-z ]*[a-z]") == set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_option_of_a_command_is_documented(name):
    options = {
        spelling
        for parameter in commands()[name].params
        for spelling in parameter.opts
        if spelling.startswith("--") and spelling != "--help"
    }

    row = re.search(rf"^\| `{name}` \|.*$", OPERATIONS, re.MULTILINE)

    assert row is not None
    assert options == set(re.findall(r"`(--[a-z-]+)[` ]", row[0]))


def test_every_route_is_described_in_the_openapi_document_or_among_the_operations(tmp_path):
    settings = Settings.load(database_url=f"sqlite:///{tmp_path / 'ledger.db'}")
    with serving(settings) as application:
        described = application.openapi()["paths"]
        routes = [
            (route.path, method.lower())
            for route in application.routes
            for method in sorted(route.methods - {"HEAD"})
        ]

    undescribed = {path for path, method in routes if method not in described.get(path, {})}

    pages = {"/", "/docs", "/docs/{name}", "/pay/{code}", "/pay/{code}/payments/{payment}"}
    pages |= {"/unsubscribe/{token}"}
    assert undescribed == {"/openapi.json"} | pages
    assert first_cells("GET /[a-z]+") == {"GET /healthz", "GET /readyz", "GET /metrics"}
    for path, methods in described.items():
        for method, operation in methods.items():
            assert operation.get("summary"), f"{method} {path} says nothing about itself"


def test_every_metric_is_documented_and_every_documented_metric_exists():
    metrics = Metrics()
    metrics.watch(Progress())
    metrics.watch_past(PastProgress())
    metrics.watch_delivery(DeliveryProgress)
    collected = {
        metric.name + ("_total" if metric.type == "counter" else "")
        for metric in metrics.registry.collect()
    }

    assert first_cells("whence_[a-z_]+") == collected


def test_every_make_target_the_documents_speak_of_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    spoken_of = {
        target
        for document in (README, CONTRIBUTING, OPERATIONS)
        for target in re.findall(r"(?:`|^)make ([a-z]+)\b", document, re.MULTILINE)
    }

    assert spoken_of <= targets


def test_every_table_of_the_ledger_is_in_the_architecture_and_no_other():
    section = ARCHITECTURE.split("\n## The ledger\n")[1].split("\n## ")[0]

    tables = {table.name for table in ledger.metadata.sorted_tables}
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == tables


def named(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_to_a_file_leads_to_it(document):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text())

    broken = [link for link in links if "://" not in link and not (document.parent / link).exists()]

    assert broken == []


# What the recipes of CONTRIBUTING make.
MADE_BY_RECIPES = {
    "src/console/payment_hours.py",
    "src/projections/payment_hours.py",
    "tests/console/test_payment_hours.py",
    "tests/projections/test_payment_hours.py",
}


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_file_and_module_that_is_named_exists(document):
    text = document.read_text()
    files = set(re.findall(r"[`\s]([\w./-]+\.py)(?=[`\s])", text))
    modules = set(re.findall(rf"`((?:{'|'.join(ROOMS)})(?:\.\w+)+)`", text)) - set(
        ledger.metadata.tables
    )

    missing = {file for file in files if not any((ROOT / at / file).exists() for at in ("", "src"))}

    assert missing - MADE_BY_RECIPES == set()
    for module in modules - set(ledger.metadata.tables):
        resolve_name(module)


BUSY = """
SELECT count(*), count(*) FILTER (WHERE query LIKE 'LISTEN%') FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def test_a_process_holds_as_many_connections_as_the_documentation_says(postgresql_url, monkeypatch):
    documented = re.search(r"one process holds up to (\d+)", OPERATIONS)
    settings = Settings.load(database_url=postgresql_url)

    with (
        psycopg.connect(postgresql_url, autocommit=True) as operator,
        recording(settings) as ledger,
        projecting(settings, ledger),
        ExitStack() as taken,
    ):
        # Somebody asks for one after the other until there are no more.
        monkeypatch.setattr(ledger.engine.pool, "_timeout", 0.1)
        with suppress(PoolTimeoutError):
            while True:
                taken.enter_context(ledger.engine.connect())
        held, listening = operator.execute(BUSY).fetchone()

    assert listening == 0
    assert held == int(documented[1])
