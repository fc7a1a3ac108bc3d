"""README: its examples are run, against a real server, as they stand there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text()


def example(heading: str, language: str) -> str:
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL))


@pytest.fixture
def service(start):
    service = start("serve")
    service.answer("/readyz")
    return service


@pytest.fixture
def key(service):
    return service.key()


def test_every_curl_of_the_quickstart_works(service, key, path_with_curl):
    commands = example("Quickstart", "sh")
    commands = re.sub(r"^KEY=.*$", f"KEY={key}", commands, flags=re.MULTILINE)
    port = service.url.rsplit(":", 1)[1]

    done = subprocess.run(  # noqa: S603 (the README's own commands)
        ["bash", "-euo", "pipefail", "-c", commands],  # noqa: S607 (whichever bash there is)
        env=os.environ | {"PATH": path_with_curl, "WHENCE_PORT": port},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert '"error"' not in done.stdout
    assert "Summer Sale - Premium Plan" in done.stdout
    assert '"total_spent":13000' in done.stdout.replace(": ", ":")
    answers = done.stdout.splitlines()
    assert len(answers) == len(re.findall(r"^curl ", commands, re.MULTILINE))
    assert all(json.loads(answer) for answer in answers)


def test_the_example_with_the_client_works(service, key):
    program = example("From Python", "python").replace("http://127.0.0.1:8080", service.url)
    organization = service.awaited(r"(org_[0-9a-z]{26})")

    done = subprocess.run(  # noqa: S603 (the README's own program)
        [sys.executable, "-c", f"KEY, ORGANIZATION = {key!r}, {organization!r}\n{program}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("4000 1 ")
