"""Looking back: every page as of a moment of the past, and the way back to now."""

import html
import re
import threading
from datetime import UTC, datetime

import pytest
from api_server import DEFINITIONS
from console_browser import signed_in

from console.moments import Moment
from projections.engine.time_travel.reader import PastReader
from projections.engine.time_travel.snapshot import Snapshot

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def held_up(monkeypatch):
    """No past can be folded until this is set."""
    go, fold = threading.Event(), Snapshot.fold

    def wait_and_fold(views, ledger, upto):
        assert go.wait(60)
        fold(views, ledger, upto)

    monkeypatch.setattr(Snapshot, "fold", wait_and_fold)
    monkeypatch.setattr("console.routing._PATIENCE_SECONDS", 0.05)
    yield go
    go.set()


def test_a_page_that_is_not_of_now_says_so_and_leads_back(console):
    past = console.get("/console/customers?search=ama&as_of=2020-03-01T00:00&tz=Africa/Accra").text

    assert "As of <strong>the end of 29 February 2020 (midnight, GMT)" in past
    assert 'href="/console/customers?search=ama&amp;tz=Africa%2FAccra">Back to now' in past


def test_both_moments_are_named_where_both_are_chosen(console):
    past = console.get("/console/customers?as_of=2020-03-01T09:00&known_at=2021-03-01T09:00").text

    assert "1 March 2020, 09:00:00 UTC" in past
    assert "as it was known at <strong>1 March 2021, 09:00:00 UTC" in past


def test_the_fields_hold_the_moment_on_the_clocks_of_the_page(console):
    past = console.get("/console/customers?as_of=2020-03-01T09:00Z&tz=Africa/Nairobi").text

    assert 'name="look_day" type="date" value="2020-03-01"' in past
    assert 'name="look_time" type="time" value="12:00"' in past
    assert '<option value="as_of" selected>As it is known today' in past

    midnight = console.get("/console/customers?known_at=2020-03-01").text

    assert 'name="look_day" type="date" value="2020-02-29"' in midnight
    assert 'name="look_time" type="time" value=""' in midnight


@pytest.mark.parametrize(
    ("typed", "led_to"),
    [
        ("look_day=2020-02-29&look_way=known_at", "known_at=2020-03-01T00%3A00"),
        ("look_day=2020-02-29&look_way=as_of&look_time=", "as_of=2020-03-01T00%3A00"),
        ("look_day=2020-02-29&look_time=09:30&look_way=known_at", "known_at=2020-02-29T09%3A30"),
        ("look_day=2020-02-29&as_of=2019-01-01&look_way=known_at", "known_at=2020-03-01T00%3A00"),
        ("look_day=9999-12-31&look_way=as_of", "as_of=9999-12-31"),
        ("look_day=soon&look_way=nonsense", "as_of=soon"),
    ],
)
def test_a_day_that_is_typed_is_looked_back_to_at_its_end_unless_a_time_is(console, typed, led_to):
    answer = console.get(f"/console/customers?search=ama&{typed}&cursor=abc")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/console/customers?search=ama&{led_to}"


def test_a_form_is_sent_whatever_its_address_says_of_a_day(console):
    sent = console.post("/console/customers/new?look_day=2020-02-29", data={"name": "Ama"})

    assert sent.headers["location"].startswith("/console/customers/cus_")


def test_each_moment_is_offered_as_it_was_known_then_and_as_it_is_known_today(console, client):
    client.post("/v1/customers", json={"name": "Ama"}).raise_for_status()
    page = console.get("/console/customers").text
    way = re.search(r'href="([^"]*)" aria-label="A week ago: as it was known then"', page)
    other = re.search(r'href="([^"]*)" aria-label="A week ago: as it is known today"', page)

    then, today = (console.get(html.unescape(each[1])).text for each in (way, other))

    assert "it was known at <strong>the end of" in then
    assert ", known then<" in then
    assert "</strong>, as it is known today." in today
    assert ", known today<" in today


def test_a_past_that_is_worked_out_first_is_waited_for_in_words(console, held_up):
    address = "/console/customers?as_of=2020-03-01T00:00"
    console.waits_seconds = 0

    waiting = console.get(address)
    held_up.set()

    assert waiting.status_code == 503
    assert waiting.headers["refresh"] == "2"
    assert "Looking back: one moment" in waiting.text
    assert "Show the present" in waiting.text
    while (shown := console.get(address)).status_code == 503:
        pass
    assert "There were no customers by then" in shown.text


def test_a_file_of_the_past_is_never_the_page_that_waits_for_it(console, client, held_up):
    client.post("/v1/customers", json={"name": "Ama"})
    threading.Timer(0.3, held_up.set).start()

    file = console.get("/console/customers.csv?as_of=2020-03-01T00:00")

    assert file.status_code == 200
    assert file.headers["content-type"].startswith("text/csv")


def test_a_book_that_is_too_large_for_its_past_says_so(new_server):
    server = new_server()
    key = server.found("Ama's shop").keys["test"]

    with (
        PastReader(server.ledger, DEFINITIONS, most_facts=0, most_bytes=2**20) as past,
        signed_in(new_server(past=past).url, key) as console,
    ):
        refused = console.get("/console/customers?as_of=2020-03-01")

    assert refused.status_code == 400
    assert "This book is too large for its past" in refused.text
    assert "Show the present" in refused.text


def test_presets_are_ends_of_days_where_the_page_is():
    presets = Moment(None, None, "Pacific/Auckland").presets(NOON)

    assert [(each.label, each.at) for each in presets] == [
        ("End of yesterday", "2026-11-29T00:00"),
        ("A week ago", "2026-11-23T00:00"),
        ("A month ago", "2026-10-30T00:00"),
        ("End of October", "2026-11-01T00:00"),
        ("End of 2025", "2026-01-01T00:00"),
        ("A year ago", "2025-11-30T00:00"),
    ]


def test_a_year_before_a_leap_day_there_is_a_day_too():
    presets = Moment(None, None, "UTC").presets(datetime(2028, 2, 29, tzinfo=UTC))

    assert presets[-1].at == "2027-03-01T00:00"
