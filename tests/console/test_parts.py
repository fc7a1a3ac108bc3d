"""Parts: a specimen of everything pages are made of, read as text and looked at in a browser."""

import gzip
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader

from console.assets import Assets
from console.charts.series import Part, Series
from console.fields import Fields
from console.moments import Moment, Past
from console.parts import parts_of
from console.rendering import document
from console.sections import SECTIONS
from console.viewers import Viewer
from console.writing import Writer
from delivery.looks.markup import templates_of
from delivery.looks.readers import reader_of

SITE = "http://console.test"
SCRIPT = "<script>alert(1)</script>"
EMOJI = "\N{PARTY POPPER}" * 64
ARABIC = "محمد عبد الله الأحمد"
NOTE = "A note of many words. " * 90
LONG_ID = "x" * 255
CUSTOMERS = (
    {"name": "Ama Mensah", "spent": 1250050, "currency": "GHS", "tags": ["premium"]},
    {"name": SCRIPT, "spent": 100000, "currency": "XOF", "tags": [EMOJI, SCRIPT]},
    {"name": ARABIC, "spent": -550, "currency": "KWD", "tags": []},
    {"name": LONG_ID, "spent": None, "currency": None, "tags": [LONG_ID]},
    {"name": None, "spent": 0, "currency": "GHS", "tags": []},
)
TOLD = 'data: {"position": 12350, "behind": 0, "late_seconds": 0.2}\n\n'
PAST = Past(datetime(2026, 10, 31, 23, 59, tzinfo=UTC), None)
NOVEMBER = Series(
    buckets=tuple(f"{day} Nov" for day in range(1, 29)),
    parts=(
        Part(name="API", figures=tuple(range(1000, 29000, 1000))),
        Part(name="Payment links", figures=(500,) * 28),
        Part(name="Subscriptions", figures=(0, 700) * 14),
    ),
    currency="GHS",
)
LAST_DAYS = Series(
    buckets=NOVEMBER.buckets[-3:],
    parts=tuple(replace(part, figures=part.figures[-3:]) for part in NOVEMBER.parts[:2]),
)


def specimen(*, assets=None, **query):
    assets = assets or Assets()
    environment = templates_of("console").overlay()
    here = FileSystemLoader(Path(__file__).parent)
    environment.loader = ChoiceLoader([here, templates_of("console").loader])
    writer = Writer(
        reader=reader_of("en-GH"),
        now=datetime(2026, 11, 28, 15, 0, tzinfo=UTC),
        zone="Africa/Accra",
        past="as_of" in query,
    )
    return environment.get_template("specimen.html").render(
        ui=parts_of(environment, writer),
        page=SimpleNamespace(
            viewer=Viewer(
                name="Finance key",
                organization=f"Ama's {SCRIPT}",
                mode="test",
                zone="Africa/Accra",
                scopes=frozenset(),
            ),
            query=Fields(query.items()),
            moment=Moment(query.get("as_of"), None, "Africa/Accra"),
            past=PAST if query else None,
            said="Saved.",
            section="customers",
            sections=SECTIONS,
            path="/console/customers",
            now="/console/customers",
            position=12345,
            behind=2,
            shows_present=False,
            carried={},
            carried_to=lambda _path: {},
            url=lambda path, **_: path,
            here=lambda **_: "/console/customers",
            request=SimpleNamespace(method="GET"),
            changes="",
        ),
        asset=assets.address,
        customers=CUSTOMERS,
        series=NOVEMBER,
        last_days=LAST_DAYS,
        emoji=EMOJI,
        script=SCRIPT,
        note=NOTE,
        long_id=LONG_ID,
    )


@pytest.fixture(scope="module")
def html():
    return specimen()


@pytest.fixture
def look(pages):
    """Opens the specimen as it is served: with its policy, and its files from their addresses."""
    assets = Assets()

    def look(*, width, scripts=True, color_scheme="light", **query):
        page = pages.fresh(scripts=scripts, color_scheme=color_scheme)
        page.set_viewport_size({"width": width, "height": 800})
        whole = document(specimen(assets=assets, **query), 200, small=False)

        def answer(route):
            path = route.request.url.removeprefix(SITE)
            if path.startswith("/console/live"):
                route.fulfill(status=200, content_type="text/event-stream", body=TOLD)
                return
            found = assets.find(path)
            response = found.answer(small=False) if found else whole
            route.fulfill(
                status=200,
                headers={**response.headers, "content-length": ""},
                body=response.body,
            )

        page.route(f"{SITE}/**", answer)
        page.goto(f"{SITE}/console/customers")
        return page

    return look


def test_the_first_view_of_a_page_with_everything_on_it_weighs_little(html):
    assets = Assets()
    named = set(re.findall(r'(?:src|href)="(/console/assets/[^"]+)"', html))

    files = sum(len(assets.find(each).small) for each in named)
    assert len(named) == 5
    assert files + len(gzip.compress(html.encode(), 5)) < 60 * 1024


def test_what_people_typed_is_text_and_never_markup(html):
    assert SCRIPT not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 3


def test_nothing_stands_in_the_page_that_its_policy_forbids(html):
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals=.js:", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))


def test_a_page_has_one_heading_of_the_first_rank_and_named_landmarks(html):
    assert html.count("<h1") == 1
    assert html.count("<main") == html.count("<header class=") == 1
    assert all("aria-label=" in tag for tag in re.findall(r"<nav[^>]*>", html))
    assert '<a href="/console/customers" data-go="c" aria-current="page">' in html


def test_every_id_is_that_of_one_element_and_every_label_has_its_field(html):
    ids = re.findall(r'\sid="([^"]*)"', html)

    assert len(ids) == len(set(ids))
    named = re.findall(r'(?:\sfor|aria-describedby|popovertarget)="([^"]*)"', html)
    assert {each for value in named for each in value.split()} <= set(ids)


def test_every_head_of_a_table_says_what_it_is_the_head_of(html):
    assert all("scope=" in tag for tag in re.findall(r"<th[ >][^>]*", html))
    assert html.count("<table") == html.count("<caption")


def test_an_amount_stands_beside_its_currency_and_says_how_many_decimals_it_lacks(html):
    assert '<span class="amount short0">12,500.50</span> <small class="currency">GHS' in html
    assert '<span class="amount short2">100,000</span> <small class="currency">XOF' in html
    assert (
        '<span class="amount short0">\N{MINUS SIGN}0.550</span> <small class="currency">KWD' in html
    )


def test_a_chart_tells_in_a_table_what_it_draws(html):
    table = html.partition("As a table")[2].partition("</table>")[0]

    assert table.count("<tr>") == 1 + len(NOVEMBER.buckets) + 1
    assert '<td class="number" data-value="1500">GHS\N{NO-BREAK SPACE}15.00</td>' in table


def test_a_mistake_is_told_beside_its_field_and_the_field_says_so(html):
    field = re.search(r'<input id="f-email"[^>]*>', html).group()

    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="f-email-error ' in field
    assert '<p class="problem" id="f-email-error">' in html


def test_a_page_of_the_past_says_so_and_leads_back(html):
    assert "past-band" not in html

    past = specimen(as_of="2026-10-31T23:59:00Z")

    assert re.search(
        r"As of <strong>31 October 2026[^<]*</strong>, as it is known today. Nothing can", past
    )
    assert ">Back to now</a>" in past


@pytest.mark.parametrize("scripts", [True, False])
def test_nothing_that_people_typed_makes_a_page_scroll_sideways(look, scripts):
    page = look(width=360, scripts=scripts)

    for width in (360, 600, 768, 1100, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_policy_forbids_nothing_that_a_page_does(look):
    said = []
    page = look(width=1440)
    page.on("console", lambda message: said.append(message.text))

    page.reload()
    page.wait_for_selector(".uplot canvas")

    assert said == []


def test_a_page_that_is_open_says_how_far_the_views_are(look):
    page = look(width=1440)

    page.get_by_text("Up to date", exact=True).and_(
        page.get_by_title("Up to fact 12,350")
    ).wait_for()


def test_a_chart_is_seen_without_script(look):
    page = look(width=1440, scripts=False)

    assert page.locator(".plot svg.bars").bounding_box()["height"] > 100
    assert page.locator(".plot canvas").count() == 0


def test_a_definition_is_shown_to_whoever_comes_by_keyboard(look):
    page = look(width=360)
    defined = page.locator(".figure .defined").first

    defined.locator("button").focus()

    tip = defined.locator(".tip")
    tip.wait_for(state="visible")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_keys_search_and_go_through_the_rows(look):
    page = look(width=1440)

    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent").strip() == SCRIPT
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent").strip() == "Ama Mensah"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("?")
    assert page.locator("dialog[open]").count() == 0


def test_the_rail_is_a_menu_on_a_phone_also_without_script(look):
    page = look(width=360, scripts=False)
    assert not page.locator("#rail").is_visible()

    page.get_by_role("button", name="More").click()

    assert page.locator("#rail").get_by_role("link", name="Workflows").is_visible()


def test_what_dropped_down_is_closed_by_escape(look):
    page = look(width=1440)
    page.locator(".when > summary").click()
    assert page.get_by_label("Day", exact=True).is_visible()

    page.keyboard.press("Escape")

    assert not page.get_by_label("Day", exact=True).is_visible()
