"""Lists in a real browser: what a script adds to links and forms that work without one."""

import pytest


@pytest.fixture
def customers(client):
    for name in ("Ama Mensah", "Kofi Boateng", "Ama Owusu"):
        client.post("/v1/customers", json={"name": name})


pytestmark = pytest.mark.usefixtures("customers")


def test_a_list_is_searched_while_somebody_types(page, server):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{server.url}/console/customers")

    page.locator(".filters input[name=search]").press_sequentially("kofi")

    page.get_by_text("1 to 1 of 1").wait_for()
    assert page.locator("tbody th").all_inner_texts() == ["Kofi Boateng"]
    assert page.evaluate("document.activeElement.name") == "search"
    assert page.url.endswith("/console/customers?search=kofi")
    assert said == []


def test_a_list_that_was_searched_can_be_gone_back_from(page, server):
    page.goto(f"{server.url}/console/customers")
    page.locator(".filters input[name=search]").fill("kofi")
    page.get_by_text("1 to 1 of 1").wait_for()

    page.go_back()

    page.get_by_text("1 to 3 of 3").wait_for()


def test_what_cannot_be_asked_is_said_in_the_place_of_the_list(page, server):
    page.goto(f"{server.url}/console/customers")

    search = page.locator(".filters input[name=search]")
    search.evaluate("field => field.removeAttribute('maxlength')")
    search.fill("x" * 5000)

    page.locator("section#customers[role=alert]").get_by_role("link", name="Try again").wait_for()


def test_a_list_that_nobody_answers_for_stays_and_says_so(page, server):
    page.goto(f"{server.url}/console/customers")
    page.route("**/console/customers?*", lambda route: route.abort())

    page.locator(".filters input[name=search]").fill("kofi")

    page.get_by_text("the service was not reached").wait_for()
    assert page.locator("tbody th").count() == 3


REFUSAL = """{"error": "rate_limited", "code": "rate_limit_exceeded", "details": {},
"message": "too many requests: try again in 3 s"}"""


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("application/json", REFUSAL, "Too many requests: try again in 3 s."),
        ("text/html", "<main><h1>That came too slowly</h1></main>", "That came too slowly."),
        ("text/plain", "", "The service answered 429."),
    ],
)
def test_a_refusal_that_no_page_has_made_stands_in_words_above_what_stays(
    page, server, kind, body, said
):
    page.goto(f"{server.url}/console/customers")
    refused = {"status": 429, "content_type": kind, "body": body}
    page.route("**/console/customers?*", lambda route: route.fulfill(**refused))

    page.locator(".filters input[name=search]").fill("kofi")

    page.locator(".unreached").get_by_text(said, exact=False).wait_for()
    assert page.locator("tbody th").count() == 3
    page.unroute("**/console/customers?*")
    page.locator(".unreached button").click()
    page.get_by_text("1 to 1 of 1").wait_for()


def test_what_is_found_while_somebody_types_is_found_after_a_refusal_as_well(page, server):
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{server.url}/console/customers")
    page.route(
        "**/console/search?*",
        lambda route: route.fulfill(status=500, content_type="text/html", body="<p>Bad</p>"),
    )
    page.locator("[data-find]").press_sequentially("kofi")
    page.locator("#found").get_by_text("The service answered 500").wait_for()
    page.unroute("**/console/search?*")

    page.locator("[data-find]").press_sequentially(" b")

    page.locator("#found").get_by_text("Kofi Boateng").wait_for()
    assert said == []


def test_the_clock_leaves_the_band_of_the_past_in_sight_on_a_phone(page, server):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{server.url}/console/customers?as_of=2026-02-01T09:00&known_at=2026-02-02T09:00")
    page.locator(".when summary").click()

    band, panel = (page.locator(each).bounding_box() for each in (".past-band", ".when .panel"))
    assert band["y"] + band["height"] <= panel["y"]
    assert panel["height"] > 300


def test_a_zone_is_chosen_from_those_that_there_are(page, server):
    page.goto(f"{server.url}/console/customers")
    page.locator(".when summary").click()

    page.locator("#f-tz").focus()

    page.locator("#zones option[value='Africa/Accra']").wait_for(state="attached")
    assert page.locator("#zones option").count() > 300


def test_on_a_phone_filters_are_one_line_and_the_others_behind_a_button(page, server, client):
    client.post("/v1/customers", json={"name": "Esi", "tags": ["vip"]}).raise_for_status()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{server.url}/console/customers")

    line = page.locator(".filters").bounding_box()
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Activity").select_option("active")

    assert line["height"] < 48
    page.get_by_text("Nobody found").wait_for()
    assert "activity_status=active" in page.url
    page.get_by_role("button", name="Done").click()
    page.get_by_label("Activity").wait_for(state="hidden")


def test_on_a_desk_filters_stand_beside_each_other(page, server):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server.url}/console/customers")

    assert page.get_by_label("Activity").is_visible()
    assert page.get_by_role("button", name="Filters").count() == 0
    assert page.locator(".filters").bounding_box()["height"] < 48


def test_on_a_phone_a_row_has_two_lines(page, server):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{server.url}/console/customers")

    rows = [each.bounding_box()["height"] for each in page.locator("tbody tr").all()]

    assert len(rows) == 3
    assert max(rows) < 72
