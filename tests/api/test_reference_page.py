"""The reference page is opened in a real browser, searched, and tried with a key."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from threading import Event

import httpx
import pytest
from playwright.sync_api import Page, expect

from api.reference import document
from delivery.looks.accents import contrast

PATIENCE_MS = 60_000
# It takes seconds until all of the page is there: what each of two readers opens serves all tests.
LIGHT = ("light", "/docs")
DARK = ("dark", "/docs#get-/v1/payments")


@pytest.fixture
def script(stranger):
    """The address of what the page runs."""
    return re.search(r'src="(/docs/[^"]+)"', stranger.get("/docs").text)[1]


@dataclass
class Opened:
    """The page in a browser, what the browser has asked for, and what it has complained of."""

    page: Page
    asked: list[str]
    complained: list[str]


@pytest.fixture(scope="module")
def opened(browser, server_on_sqlite):
    with ExitStack() as stack:

        @cache
        def opened(scheme, address):
            size = {"width": 1400, "height": 900}
            context = browser.new_context(viewport=size, color_scheme=scheme)
            page = stack.enter_context(context).new_page()
            page.set_default_timeout(PATIENCE_MS)
            expect.set_options(timeout=PATIENCE_MS)
            asked, complained = [], []
            page.on("request", lambda request: asked.append(request.url))
            page.on("console", lambda message: complained.append(message.text))
            page.on("pageerror", lambda error: complained.append(str(error)))
            page.goto(f"{server_on_sqlite.url}{address}")
            return Opened(page, asked, complained)

        yield opened


def test_the_reference_is_searched_and_tried_with_a_key_and_nothing_leaves_the_origin(
    opened, merchant
):
    light = opened(*LIGHT)
    page, reference = light.page, light.page.locator("rapi-doc")

    page.get_by_placeholder("Filter").fill("/organization")
    page.get_by_placeholder("Filter").press("Enter")
    expect(reference.get_by_text("/v1/payments/intents", exact=True)).to_have_count(0)
    page.get_by_text("Authentication", exact=True).click()
    page.get_by_placeholder("api-token").first.fill(merchant.founded.keys["test"])
    page.get_by_role("button", name="SET").first.click()
    reference.locator("[data-content-id='get-/v1/organization']").click()
    curl = reference.get_by_text(re.compile("curl -X GET"))
    expect(curl).to_contain_text(f"{merchant.server.url}/v1/organization")
    page.get_by_role("button", name="TRY").click()

    expect(reference.get_by_text(merchant.org_id).first).to_be_visible()
    assert light.complained == []
    here = (merchant.server.url, "data:")
    assert [url for url in light.asked if not url.startswith(here)] == []


@pytest.mark.parametrize("reader", [LIGHT, DARK], ids=["light", "dark"])
def test_all_of_the_page_is_as_light_as_its_reader_has_it(opened, reader):
    page = opened(*reader).page

    sidebar = page.locator("rapi-doc .nav-bar")
    expect(sidebar.get_by_text("/v1/organization", exact=True).first).to_be_visible()
    style = "nav => [getComputedStyle(nav).backgroundColor, getComputedStyle(nav).color]"
    behind, written = map(_hexadecimal, sidebar.evaluate(style))

    assert (contrast(behind, "#000000") > contrast(behind, "#ffffff")) == (reader is LIGHT)
    assert contrast(written, behind) >= 7


def test_every_parameter_and_every_field_is_shown_with_its_type(opened):
    page = opened(*DARK).page
    reference = page.locator("rapi-doc")
    expect(reference.get_by_text("amount_max", exact=True)).to_be_visible()

    assert reference.get_by_text("{missing-type-info}").count() == 0


def test_the_page_may_run_only_what_this_server_gives_and_style_itself(stranger):
    page = stranger.get("/docs")

    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert policy.count("'unsafe-") == 1
    assert "style-src 'unsafe-inline';" in policy
    assert re.findall(r'(?:src|href|url)="(https?:[^"]*)"', page.text) == []


def test_the_page_reads_the_document_under_the_version_that_it_reads_sooner(stranger):
    document = stranger.get("/openapi.json").json()

    assert stranger.get("/docs/openapi.json").json() == document | {"openapi": "3.0.3"}
    assert document["openapi"] == "3.1.0"


def test_what_the_page_runs_is_sent_packed_and_kept_for_ever(server, script):
    with httpx.Client(base_url=server.url) as client:
        with client.stream("GET", script, headers={"Accept-Encoding": "gzip"}) as packed:
            packed_bytes = len(b"".join(packed.iter_raw()))
        plain = client.get(script, headers={"Accept-Encoding": "identity"})

    assert packed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert packed.headers["Content-Type"].startswith("text/javascript")
    assert packed_bytes < 250_000 < len(plain.content)
    assert b"RapiDoc" in plain.content[:100]


def test_the_root_leads_browsers_to_the_reference_and_tells_programs_where_it_is(stranger):
    browser = stranger.get("/", headers={"Accept": "text/html,*/*;q=0.8"}, follow_redirects=True)
    program = stranger.get("/")

    assert browser.url.path == "/docs"
    assert browser.status_code == 200
    assert program.json() | {"docs": "/docs", "openapi": "/openapi.json"} == program.json()
    assert stranger.get(program.json()["openapi"]).status_code == 200


def test_a_script_of_another_release_is_not_there(stranger):
    assert stranger.get("/docs/rapidoc-9.3.8-0000000000000000.js").status_code == 404


def test_the_document_is_made_once_and_nobody_waits_for_it(new_server, monkeypatch):
    made, began, goes_on = [], Event(), Event()

    def slowly(app):
        made.append(app)
        began.set()
        assert goes_on.wait(PATIENCE_MS / 1000)
        return {}

    monkeypatch.setattr(document, "document", slowly)
    url = new_server().url
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(httpx.get, f"{url}/openapi.json", timeout=60) for _ in range(3)]
        assert began.wait(PATIENCE_MS / 1000)
        health = httpx.get(f"{url}/healthz", timeout=60)
        goes_on.set()
        answers = [each.result().status_code for each in asked]

    assert health.status_code == 200
    assert answers == [200, 200, 200]
    assert len(made) == 1


def _hexadecimal(colour):
    """``rgb(1, 2, 3)`` of a browser, as the pages write it."""
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])
