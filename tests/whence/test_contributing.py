"""CONTRIBUTING: its examples work as they stand there."""

import asyncio
import json
import re
import subprocess
import sys
import textwrap
from dataclasses import asdict
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from api.http.routing import new_router
from api.payments import statistics as route_module
from api.resources import statistics as resource_module
from commands.handling.handler import Context
from commands.organizations import found_organization
from commands.payments import CreatePayment, create_payment
from domain.catalogue import facts_of
from domain.payment import Payment
from ledger.facts import FactMapper
from projections.engine.folding import tables
from projections.engine.folding.definitions import Definitions, folded_by, ignored_by
from projections.engine.rebuilding.rebuild import ensure_views
from whence.settings import Settings
from whence.wiring import generations_of, handling, recording

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def examples(heading: str, language: str = "python") -> list[str]:
    """What is printed under a heading, as it would stand in a file."""
    section = CONTRIBUTING.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks = re.findall(rf"^   ```{language}\n(.*?)^   ```$", section, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for block in blocks]


@pytest.fixture
def read_model(tmp_path, monkeypatch):
    """The module of the example and all there is of its kind, apart from the real views."""
    metadata = MetaData(schema="views")
    view = tables.view
    monkeypatch.setattr(tables, "view", lambda *args: view(*args, metadata=metadata))
    path = tmp_path / "payment_hours.py"
    path.write_text(examples("Add a read model")[0])
    spec = spec_from_file_location("payment_hours", path)
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "payment_hours", module)
    spec.loader.exec_module(module)
    [line] = examples("Add a read model", "diff")
    listed = eval(line.removeprefix("+"), {"payment_hours": module})  # noqa: S307 (our own)
    return module, Definitions(metadata=metadata, folds=listed)


@pytest.fixture
def settings(sqlite_url):
    return Settings.load(database_url=sqlite_url)


def test_the_example_of_a_read_model_answers_from_real_facts(read_model, settings):
    module, definitions = read_model

    async def pay(handler):
        shop = await found_organization(handler, "Kente Shop", context=Context())
        book = f"{shop.org_id}/test"
        for currency, at in [("GHS", 9), ("GHS", 9), ("GHS", 17), ("KES", 9)]:
            command = CreatePayment(
                amount=4000, currency=currency, occurred_at=f"2026-01-02T{at:02}:30:00Z"
            )
            await handler.perform(book, lambda work, command=command: create_payment(work, command))
        return book

    with recording(settings) as ledger, generations_of(settings, ledger) as generations:
        with handling(ledger) as handler:
            book = asyncio.run(pay(handler))
        ensure_views(ledger, generations, FactMapper(), definitions)
        with generations.serving(definitions).reading() as connection:
            hours = module.busiest_hours(connection, book, currency="GHS")

    assert hours == [module.PaymentHour(9, 2, 8000), module.PaymentHour(17, 1, 4000)]


def test_the_example_of_a_read_model_forgets_no_fact(read_model):
    module, _ = read_model

    known = (*folded_by(module.fold), *ignored_by(module.fold))
    assert [fact for fact in facts_of(Payment) if not issubclass(fact, known)] == []


@pytest.mark.parametrize(
    ("heading", "file"),
    [
        ("Add a read model", "src/projections/payment_hours.py"),
        ("Add a page to the console", "src/console/payment_hours.py"),
    ],
)
def test_an_example_is_written_as_the_code_is(heading, file):
    for command in (["format", "--check"], ["check"]):
        ruff = ["-m", "ruff", *command, "--stdin-filename", file]
        done = subprocess.run(  # noqa: S603 (a command of our own)
            [sys.executable, *ruff, "-"],
            cwd=ROOT,
            input=examples(heading)[0],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_the_example_of_a_route_fits_beside_those_that_are_there(read_model):
    module, _ = read_model
    shapes, handler = examples("Add a route")
    resources = vars(resource_module).copy()
    routes = vars(route_module) | {"router": new_router("payments")}

    exec(shapes, resources)  # noqa: S102 (examples of our own)
    routes |= {"PaymentHours": resources["PaymentHours"], "busiest_hours": module.busiest_hours}
    exec(handler, routes)  # noqa: S102

    [route] = routes["router"].routes
    assert route.path == "/v1/payments/stats/hours"
    row = module.PaymentHour(9, 2, 8000)
    assert (
        resources["PaymentHours"].model_validate({"hours": [asdict(row)]}).hours[0].amount == 8000
    )


def test_the_example_that_prints_a_stored_fact_prints_what_can_be_kept(capsys):
    exec(examples("Add a fact")[1], {})  # noqa: S102 (an example of our own)

    printed = json.loads(capsys.readouterr().out)
    kept = json.loads((ROOT / "tests/history/payment_canceled.json").read_text())
    assert printed["becomes"] == {"status": "succeeded"}
    assert printed.keys() == kept.keys()
    assert printed["facts"][0].keys() == kept["facts"][0].keys()


def test_the_example_of_a_page_is_one():
    page = {}

    exec(examples("Add a page to the console")[0], page)  # noqa: S102 (an example of our own)

    [route] = page["router"].routes
    assert route.path == "/console/payments/hours"
