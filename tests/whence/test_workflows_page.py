"""docs/workflows.md: its examples are run in order, against a real service and mail server."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from mail_server import mail_server
from waiting import awaited

from commands.workflow_actions import ActionTerms
from commands.workflow_conditions import Conditions
from delivery.messages.providers import PROVIDERS
from domain.workflow_triggers import TRIGGERS

PAGE = (Path(__file__).parents[2] / "docs/workflows.md").read_text()


def example(heading: str) -> str:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1]


@pytest.fixture
def mails():
    with mail_server() as mails:
        yield mails


@pytest.fixture
def run(start, path_with_curl, mails):
    """Runs the commands of a section; what each of them prints."""
    service = start("serve")
    service.answer("/readyz")

    def run(heading):
        commands = re.sub(r"KEY=\S*", f"KEY={service.key()}", example(heading))
        done = subprocess.run(  # noqa: S603 (the page's own commands)
            ["bash", "-euo", "pipefail", "-c", commands.replace("2525", str(mails.port))],  # noqa: S607
            env=os.environ | {"PATH": path_with_curl, "WHENCE_PORT": service.url.rsplit(":", 1)[1]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert '"code":' not in done.stdout, done.stdout
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def subjects(mails):
    return [handed.message["Subject"] for handed in mails.handed]


def test_the_examples_of_the_page_work(run, mails):
    _, rules, customer, _ = run("Receipts")
    assert [rule["name"] for rule in rules["workflows"]] == ["Receipts by email"]
    awaited(lambda: len(mails.handed) == 1)
    assert subjects(mails)[0].startswith("Your receipt")

    [copy] = run("A receipt again")
    assert (copy["to"], copy["copy"]) == ("ada@example.com", True)
    awaited(lambda: len(mails.handed) == 2)
    assert subjects(mails)[1] == subjects(mails)[0]

    backtest, rule, payment = run("A workflow of your own")
    assert [each["would_do"] for each in backtest["actions"]] == [1, 1]
    assert payment["status"] == "succeeded"
    awaited(lambda: "Thank you, Ada" in subjects(mails))

    consent, suppressed = run("Whom they write to")
    assert consent["given"] is False
    assert [each["customer_id"] for each in suppressed["suppressions"]] == [customer["id"]]

    [executed] = run("Why did I get this?")
    assert executed["actions"][0]["status"] == "success"
    assert rule["version"] == 1


def test_the_page_names_every_trigger_and_condition():
    for name in (*TRIGGERS, *Conditions.model_fields, "high_risk_score"):
        assert f"`{name}`" in PAGE


def test_the_page_names_every_action_and_provider():
    kinds = ActionTerms.model_fields["type"].annotation.__args__
    providers = {name for kind in PROVIDERS.values() for name in kind}

    for name in (*kinds, *PROVIDERS, *providers):
        assert f"`{name}`" in PAGE
