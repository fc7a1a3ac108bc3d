"""Demo import: a made-up year, beside whatever else works on the store."""

import asyncio
import json
import os
import re
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from console_browser import OURS
from tables import make_tables

from commands.handling.due_index import DUE
from ledger.clock import written
from ledger.database import open_engine
from ledger.ledger import Ledger
from whence.demo.fill import Fill
from whence.demo.year import Year

BOOK = "org_00000000000000000000000001/test"
ENDS_AT = datetime(2026, 11, 1, tzinfo=UTC)
NOW = ENDS_AT + timedelta(hours=13)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """All that is recorded of one year, which ends at one in the afternoon."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('year') / 'ledger.db'}")
    make_tables(engine)
    acts = Year(seed=7, until=NOW, customers=400, payments=4000).acts()
    with Ledger(engine, clock=lambda: datetime.now(UTC)) as ledger:
        asyncio.run(Fill(ledger, BOOK, seed=7, progress=lambda _done: None).run(acts, until=NOW))
        told = ledger.read(BOOK, after=0, upto=ledger.head(BOOK), limit=100_000)
    engine.dispose()
    return [(fact, json.loads(fact.data)) for fact in told]


def test_nothing_is_due_to_a_billing_worker_before_the_year_is_told(ledger):
    acts = Year(seed=7, until=ENDS_AT, customers=30, payments=300).acts()
    due_meanwhile = []

    def look(_done):
        due_meanwhile.append(ledger.books_holding(DUE, before="9999"))

    asyncio.run(Fill(ledger, BOOK, seed=7, progress=look).run(acts, until=ENDS_AT))

    assert len(due_meanwhile) > 1
    assert not any(due_meanwhile)
    assert ledger.books_holding(DUE, before="9999") == [BOOK]
    assert ledger.books_holding(DUE, before=ENDS_AT.isoformat()) == []


def test_every_link_of_the_demo_was_looked_at_more_often_than_paid_through(year):
    looks, payments = Counter(), Counter()
    for fact, said in year:
        if fact.topic == "payment_link.viewed":
            looks[said["link_id"]] += said["count"]
        elif fact.topic == "payment.created" and said["source"] == "payment_link":
            payments[said["source_id"]] += 1

    assert payments
    assert [link for link, paid in payments.items() if looks[link] < paid] == []
    assert looks.total() > 2 * payments.total()


def test_the_year_is_recorded_as_it_happened_and_some_is_heard_of_late(year):
    recorded = [fact.recorded_at for fact, _ in year]

    assert recorded == sorted(recorded)
    assert (recorded[0], recorded[-1] < written(NOW)) == (written(NOW - 395 * DAY), True)
    behind = [
        datetime.fromisoformat(fact.recorded_at) - datetime.fromisoformat(said["occurred_at"])
        for fact, said in year
        if fact.topic == "payment.succeeded"
    ]
    assert 0 < sum(span > timedelta() for span in behind) < len(behind) / 20
    assert max(behind) <= timedelta(hours=72)


def test_the_last_day_goes_on_until_now_like_those_before(year):
    created = Counter(fact.recorded_at[:10] for fact, _ in year if fact.topic == "payment.created")

    before = sum(created[f"2026-10-{day}"] for day in range(25, 32)) / 7
    assert before / 5 < created["2026-11-01"] < before


def test_nobody_alone_makes_much_of_the_revenue(year):
    brought = Counter()
    for fact, said in year:
        if fact.topic == "payment.succeeded":
            brought[said["currency"], said["customer_id"]] += said["captured_amount"]

    ghs = {who: amount for (currency, who), amount in brought.items() if currency == "GHS" and who}
    assert max(ghs.values()) < sum(ghs.values()) / 4


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_demo_beside_a_service_says_what_to_try_and_all_of_it_works(
    environment, start, path_with_curl, request, database
):
    environment["WHENCE_DATABASE_URL"] = request.getfixturevalue(f"{database}_url")
    service = start("serve", WHENCE_BILLING_SECONDS="0.01")
    port = service.url.rpartition(":")[2]

    demo = start("demo", "--customers", "40", "--payments", "600", WHENCE_PORT=port)
    assert demo.ended() == 0, demo.output

    key = re.search(r"KEY=\$\(cat (.*)\)", demo.output)[1]
    assert Path(key).stat().st_mode & 0o777 == 0o600
    tried = subprocess.run(  # noqa: S603 (what the demo says)
        ["bash", "-euo", "pipefail", "-c", "\n".join(printed_commands(demo.output))],  # noqa: S607 (whichever bash there is)
        env=os.environ | {"PATH": path_with_curl},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    best, campaigns = map(json.loads, tried.stdout.splitlines())
    assert len(best["customers"]) == 3
    assert len(campaigns["sources"]) == 6
    console, link = re.findall(r"^  (http://\S+)$", demo.output, re.MULTILINE)
    with httpx.Client(headers=OURS, follow_redirects=True) as browser:
        assert campaigns["sources"][0]["source_description"] in browser.get(link).text
        assert "Sign in" in browser.get(console).text
        browser.post(f"{console}/login", data={"api_key": Path(key).read_text().strip()})
        assert "Demo merchant" in browser.get(console).text


def printed_commands(output):
    return [line for line in output.splitlines() if line.startswith(("  KEY=", "  curl "))]
