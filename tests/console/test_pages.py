"""Pages: what all of them have in common, shown by the list of customers."""

import re
from importlib.resources import files

import httpx
import pytest
from console_browser import signed_in
from request_log import logged_requests

from projections.engine.generations.generations import Registered, ViewsRebuilding

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def add_customer(client, name, **more):
    response = client.post("/v1/customers", json={"name": name, **more})
    assert response.status_code == 201
    return response.json()


@pytest.fixture
def browser(server):
    """Of somebody who has not signed in."""
    with httpx.Client(base_url=server.url) as browser:
        yield browser


def test_a_page_shows_what_the_api_says(console, client):
    add_customer(client, "Ama Mensah")
    add_customer(client, "Kofi Boateng")

    shown = console.get("/console/customers?search=ama")

    assert shown.status_code == 200
    assert "Ama Mensah" in shown.text
    assert "Kofi Boateng" not in shown.text


def test_what_customers_are_called_is_text(console, client):
    add_customer(client, "<script>alert(1)</script>")

    shown = console.get("/console/customers").text

    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown


def test_a_page_lets_in_nothing_but_its_own_files_and_is_not_kept(console):
    shown = console.get("/console/customers")

    assert shown.headers["content-security-policy"] == POLICY
    assert shown.headers["cache-control"] == "no-store"


def test_a_page_is_packed_for_whoever_takes_that(console, client):
    for number in range(20):
        add_customer(client, f"Customer {number}")

    packed = console.get("/console/customers", headers={"Accept-Encoding": "gzip"})
    plain = console.get("/console/customers", headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text


def test_a_stranger_is_asked_to_sign_in_and_led_back(browser):
    asked = browser.get("/console/customers?search=a%26b&tags=vip&tags=new")

    assert asked.status_code == 303
    place = httpx.URL(asked.headers["location"])
    assert place.path == "/console/login"
    back = httpx.URL(place.params["next"])
    assert back.path == "/console/customers"
    assert back.params["search"] == "a&b"
    assert back.params.get_list("tags") == ["vip", "new"]


def test_a_script_that_asks_for_a_part_leads_a_stranger_to_sign_in(browser):
    asked = browser.get("/console/customers", headers={"HX-Request": "true"})

    assert asked.headers["hx-redirect"].startswith("/console/login?next=")


def test_a_key_that_is_not_known_opens_nothing(browser):
    asked = browser.get("/console/customers", headers={"X-Reevit-Key": "pfk_test_x.y"})

    assert asked.status_code == 303


@pytest.mark.parametrize("target", ["customers", "div#customers"])
def test_a_part_of_a_page_can_be_asked_for_alone(console, client, target):
    add_customer(client, "Ama Mensah")

    part = console.get("/console/customers", headers={"HX-Request": "true", "HX-Target": target})

    assert "Ama Mensah" in part.text
    assert "<html" not in part.text


@pytest.mark.parametrize("target", ["content", "nothing-here", ""])
def test_whoever_asks_for_no_part_that_there_is_gets_the_whole_page(console, target):
    whole = console.get("/console/customers", headers={"HX-Request": "true", "HX-Target": target})

    assert "<html" in whole.text


def test_an_address_that_leads_nowhere_is_a_page(console):
    shown = console.get("/console/nothing")

    assert shown.status_code == 404
    assert "There is nothing here" in shown.text
    assert "/console/customers" in shown.text


def test_a_method_that_a_page_does_not_know_is_told_which_it_knows(console):
    refused = console.put("/console/customers")

    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/console/customers/", "/console/customers//"])
def test_a_slash_too_many_leads_to_the_page(console, path):
    moved = console.get(f"{path}?search=ama")

    assert moved.status_code == 308
    assert moved.headers["location"] == "/console/customers?search=ama"


def test_a_page_can_be_looked_for_without_being_read(console):
    looked = console.head("/console/customers")

    assert looked.status_code == 200
    assert looked.content == b""


def test_whoever_may_not_see_something_is_told_which_scope_it_takes(merchant, client):
    made = client.post("/v1/api-keys", json={"name": "links", "scopes": ["payment_links:read"]})

    with signed_in(merchant.server.url, made.json()["key"]) as console:
        refused = console.get("/console/customers")

    assert refused.status_code == 403
    assert "customers:read" in refused.text


def test_a_filter_that_cannot_be_read_is_refused_in_words(console):
    refused = console.get("/console/customers?sort_by=shoe_size")

    assert refused.status_code == 400
    assert "Sort by: must be" in refused.text


def test_a_page_goes_on_with_the_next_customers(console, client):
    for number in range(51):
        add_customer(client, f"Customer {number:02}")

    first = console.get("/console/customers?sort_by=created_at")
    [following] = [
        httpx.URL(link.partition('"')[0].replace("&amp;", "&"))
        for link in first.text.split('href="')
        if "cursor=" in link.partition('"')[0]
    ]
    second = console.get(following)

    assert "Customer 50" in first.text
    assert "Customer 00" not in first.text
    assert "Customer 00" in second.text


def test_a_file_is_the_one_of_the_api(console, client):
    add_customer(client, "Ama Mensah")
    add_customer(client, "Kofi Boateng")

    file = console.get("/console/customers.csv?search=kofi")

    said = client.get("/v1/exports/customers?search=kofi&format=csv")
    assert file.text == said.text
    assert file.headers["content-type"] == said.headers["content-type"]
    assert file.headers["content-disposition"] == 'attachment; filename="customers.csv"'


def test_a_page_is_one_request_to_the_limits_the_log_and_the_metrics(new_server, log):
    server = new_server(rate_limit_per_key="2/day")
    founded = server.found("Ama's shop")

    with signed_in(server.url, founded.keys["test"]) as console:
        shown = [console.get("/console/customers") for _ in range(3)]

    assert [each.status_code for each in shown] == [200, 200, 429]
    assert "Too much was asked at once" in shown[2].text
    _signed_in, *asked = logged_requests(log, 4)
    assert [each["route"] for each in asked] == [
        "/console/customers",
        "/console/customers",
        "unknown",
    ]


def test_while_views_are_built_a_page_says_how_far_and_asks_again(new_server):
    server = new_server(rebuilding=ViewsRebuilding(Registered(2, "", "building", 25, 100)))
    founded = server.found("Ama's shop")

    with signed_in(server.url, founded.keys["test"]) as console:
        shown = console.get("/console/customers")

    assert shown.status_code == 503
    assert shown.headers["refresh"] == "2"
    assert "25%" in shown.text


def test_a_style_is_kept_for_ever_and_called_otherwise_when_it_changes(console, browser):
    page = console.get("/console/customers").text
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]

    packed = browser.get(address, headers={"Accept-Encoding": "gzip"})
    plain = browser.get(address, headers={"Accept-Encoding": "identity"})
    another = browser.get("/console/assets/console.000000000000.css")

    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert "--accent" in plain.text
    assert another.status_code == 404
    assert another.headers["cache-control"] == "no-store"


def test_a_page_of_the_past_shows_it_says_so_and_carries_it_on(console, client):
    add_customer(client, "Ama Mensah")

    past = console.get("/console/customers?as_of=2020-01-01&tz=Africa/Accra").text
    present = console.get("/console/customers").text

    assert "Ama Mensah" not in past
    assert "Ama Mensah" in present
    assert "as_of=2020-01-01&amp;tz=Africa%2FAccra" in past
    assert 'class="past' in past
    assert 'class="past' not in present


def test_a_moment_that_is_still_to_come_is_the_present(console, client):
    add_customer(client, "Ama Mensah")

    shown = console.get("/console/customers?as_of=2999-01-01").text

    assert "Ama Mensah" in shown
    assert 'class="past' not in shown


@pytest.mark.parametrize("wrong", ["as_of=yesterday", "known_at=0", "tz=Nowhere"])
def test_a_moment_nobody_can_read_is_refused_in_words_and_not_carried_on(console, wrong):
    refused = console.get(f"/console/customers?{wrong}&currency=GHS")

    assert refused.status_code == 400
    assert wrong.partition("=")[0] in refused.text.lower()
    assert wrong not in refused.text
    assert "/console/customers?currency=GHS" in refused.text


@pytest.mark.parametrize("path", ["/console/search?q=", "/console/customers?search=", "/console/"])
def test_an_address_that_is_too_long_is_refused_on_a_page(console, path):
    refused = console.get(path + "a" * 10_000)

    assert refused.status_code == 414
    assert refused.headers["content-type"].startswith("text/html")
    assert "That was too much to look for" in refused.text


def test_what_is_typed_to_search_for_is_never_too_long_to_be_asked(console):
    shown = console.get("/console/customers").text

    fields = re.findall(r'<input type="search"[^>]*>', shown)
    assert len(fields) == 2
    assert all('maxlength="255"' in field for field in fields)


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("/console/customers?as_of=yesterday&search=ama", "/console/customers?search=ama"),
        ("/console?from=2026-13-01&currency=GHS", "/console?currency=GHS"),
        ("/console?currency=X&preset=7d", "/console?preset=7d"),
        ("/console/subscriptions?status=x&plan_id=p", "/console/subscriptions?plan_id=p"),
    ],
)
def test_what_nobody_can_read_of_an_address_can_be_left_out(console, asked, left):
    refused = console.get(asked)

    assert refused.status_code == 400
    assert f'<a class="button" href="{left}">Without it</a>' in refused.text
    assert console.get(left).status_code == 200


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("q=%00", "Search: has a sign that cannot be kept."),
        ("q%00=ama", "Search: has a sign that cannot be kept."),
        ("q=%ff", "Address: has signs that cannot be read."),
        ("&".join(["q=a"] * 2_000), "Address: more than"),
    ],
)
def test_an_address_that_holds_what_nobody_can_read_is_refused_on_a_page(console, broken, said):
    refused = console.get(f"/console/search?{broken}")

    assert refused.status_code == 400
    assert 'id="rail"' in refused.text
    assert said in refused.text
    assert '<a class="button" href="/console/search">Without it</a>' in refused.text


def test_a_stranger_with_such_an_address_is_asked_to_sign_in(stranger):
    asked = stranger.get("/console/search?q=%00", follow_redirects=False)

    assert asked.headers["location"] == "/console/login?next=%2Fconsole%2Fsearch"
    assert stranger.get("/console/login?next=%00").status_code == 400


@pytest.mark.parametrize("path", ["/console/customers", "/console"])
def test_what_is_refused_before_it_is_read_is_refused_on_a_page(console, path):
    refused = console.get(path, headers={"X-Much": "a" * 20_000})

    assert refused.status_code == 431
    assert refused.headers["content-type"].startswith("text/html")
    assert "That was too much to send" in refused.text


def test_a_range_and_a_currency_go_along_to_the_pages_that_take_them(console, client):
    ama = add_customer(client, "Ama Mensah")["id"]
    chosen = "preset=last_month&tz=UTC&currency=GHS"
    read = [console.get(f"{each}?{chosen}").text for each in ("/console", "/console/links")]
    listed = console.get(f"/console/customers?tz=UTC&preset=last_month&search={ama}").text

    for page in read:
        led = set(re.findall(r'href="(/console[^"]*)"', page.partition('class="stage"')[0]))
        assert "/console?currency=GHS&amp;preset=last_month" in led
        assert "/console/payments?currency=GHS&amp;preset=last_month" in led
        assert {"/console/webhooks", "/console/system", "/console/settings"} <= led
        found = page.partition('action="/console/search"')[2].partition("</form>")[0]
        assert 'type="hidden"' not in found
    assert f'href="/console/customers/{ama}"' in listed


def test_a_zone_that_is_not_the_viewer_s_own_goes_along_everywhere(console):
    shown = console.get("/console?tz=Africa/Nairobi").text

    assert 'href="/console/webhooks?tz=Africa%2FNairobi"' in shown


def test_a_style_that_is_made_smaller_still_means_the_same(console):
    """What is within something is not the thing itself: a space before a colon says which."""
    whole = (files("console") / "assets" / "console.css").read_text()
    address = re.search(r'href="(/console/assets/console[^"]*css)"', console.get("/console").text)
    small = console.get(address[1]).text

    selectors = re.findall(r"[^{}]+(?={)", re.sub(r"/\*.*?\*/", "", whole, flags=re.DOTALL))
    within = [each for one in selectors for each in re.findall(r"[\w)\]*] :\w+", one)]
    assert within
    assert [each for each in within if each not in small] == []
