"""docs/webhooks.md: its examples are run in their order, against a real service and receiver."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from receiver import receiving
from waiting import awaited

from domain.event_types import TYPES, event_of

PAGE = (Path(__file__).parents[2] / "docs/webhooks.md").read_text()

HEADERS = re.findall(r"^\| (`(?:X-|webhook-)[^|]*) \|", PAGE, re.MULTILINE)


def examples(heading: str, language: str) -> list[str]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def example(heading: str, language: str) -> str:
    return examples(heading, language)[0]


@pytest.fixture
def port():
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def service(start):
    service = start("serve")
    service.answer("/readyz")
    return service


@pytest.fixture
def run(service, path_with_curl, port):
    """Runs the commands of a section; what each of them prints."""

    def run(heading):
        commands = re.sub(r"KEY=\S*", f"KEY={service.key()}", example(heading, "sh"))
        done = subprocess.run(  # noqa: S603 (the page's own commands)
            ["bash", "-euo", "pipefail", "-c", commands.replace(":4242", f":{port}")],  # noqa: S607
            env=os.environ | {"PATH": path_with_curl, "WHENCE_PORT": service.url.rsplit(":", 1)[1]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert '"error":' not in done.stdout.replace(" ", ""), done.stdout
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.fixture
def receiver(tmp_path, port):
    """Starts the receiver of the page with a secret; what it has said."""
    log = tmp_path / "receiver.log"
    started = []

    def start(secret):
        program = example("A receiver", "python").replace("whsec_…", secret)
        with log.open("w") as said:
            started.append(
                subprocess.Popen(  # noqa: S603 (the page's own program)
                    [sys.executable, "-c", program.replace("4242", str(port))],
                    stdout=said,
                    stderr=subprocess.DEVNULL,
                )
            )
        awaited(lambda: _listens(port))

    yield start, lambda: log.read_text().splitlines()
    for each in started:
        each.kill()
        each.wait()


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_examples_of_the_page_work(service, run, receiver):
    start_receiver, heard = receiver
    key = {"X-Reevit-Key": service.key(), "Content-Type": "application/json"}
    config = _asked(service, "/v1/webhooks/config", key, {"url": "https://shop.example/hooks"})
    start_receiver(config["signing_secret"])

    config, tested, payment, _ = run("Setting it up")
    assert tested["status"] == "ok"
    assert payment["status"] == "succeeded"
    awaited(lambda: heard()[-1:] == ["payment.succeeded of usr_1234"])
    preview, warehouse, endpoints = run("Several endpoints")
    assert preview["deliveries"] == 1
    assert preview["examples"][0]["data"]["id"] == payment["id"]
    assert [each["name"] for each in endpoints["endpoints"]] == ["warehouse", "default"]
    assert warehouse["signing_secret"] != config["signing_secret"]
    awaited(lambda: len(_asked(service, "/v1/webhooks/outbound", key)) > 3)
    again, resent, replay, rotated = run("Again")
    assert (again["status"], resent, replay["from"]) == ("pending", {"resent": 0}, 1)
    assert rotated["signing_secret"] != config["signing_secret"]
    payments, hers, first, *_ = run("Without a receiver")
    assert payments["events"][-1]["data"]["id"] == payment["id"]
    assert {each["data"]["customer_external_id"] for each in hers["events"]} == {"usr_1234"}
    assert first["type"] == "customer.created"


def test_what_is_sent_looks_as_the_page_says_and_is_accepted_as_the_page_does_it(service):
    key = {"X-Reevit-Key": service.key(), "Content-Type": "application/json"}
    with receiving() as receiver:
        asked = {"url": receiver.url, "events": ["payment.succeeded"]}
        config = _asked(service, "/v1/webhooks/config", key, asked)
        who = {"external_id": "usr_1", "email": "ada@example.com"}
        _asked(service, "/v1/customers", key, who)
        pays = {"amount": 4000, "currency": "GHS", "customer_id": "usr_1"}
        payment = _asked(service, "/v1/payments/intents", key, pays)
        awaited(lambda: receiver.received)
        [sent] = receiver.received

    _, checks = examples("A receiver", "python")
    given = {"secret": config["signing_secret"], "body": sent.body, "headers": sent.headers}
    exec(checks, given)  # noqa: S102 (the page's own program)
    told, shown = given["event"], json.loads(example("What is sent", "json"))
    assert told["data"]["id"] == payment["id"]
    assert told.keys() == shown.keys()
    assert shown["data"].keys() <= told["data"].keys()
    assert told["data"]["customer"].keys() == shown["data"]["customer"].keys()
    named = re.findall(r"`([A-Za-z-]+)`", "".join(HEADERS))
    assert len(named) == 8
    assert {name.lower() for name in named} <= sent.headers.keys()


def test_every_name_that_is_told_stands_on_the_page():
    rows = re.findall(r"^\| `([a-z_.]+)` \| `([a-z_.]+)` \|", PAGE, re.MULTILINE)

    assert dict(rows) == {type_: event_of(type_) for type_ in TYPES}


def _asked(service, path, headers, body=None):
    data = None if body is None else json.dumps(body).encode()
    asked = Request(f"{service.url}{path}", data=data, headers=headers)  # noqa: S310 (our own)
    with urlopen(asked) as answer:  # noqa: S310 (see above)
        return json.load(answer)
