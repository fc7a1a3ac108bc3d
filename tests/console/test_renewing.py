"""Pages that renew themselves in a real browser, under the eyes of whoever reads them."""

import re

import pytest
from waiting import awaited

pytestmark = pytest.mark.takes_long

RANKINGS = re.compile("show=rankings")
# Milliseconds: whoever typed has stopped long ago.
LONG_AFTER = 20_000


@pytest.fixture
def asked(page):
    """What the page has asked for by itself."""
    found = []

    def note(request):
        if "whence-by-itself" in request.headers:
            found.append(request.url)

    page.on("request", note)
    yield found
    page.remove_listener("request", note)


def add(client, name, **more):
    return client.post("/v1/customers", json={"name": name, **more}).json()["id"]


def pay(client, customer_id, amount=4000):
    asked = {"amount": amount, "currency": "GHS", "customer_id": customer_id}
    made = client.post("/v1/payments/intents", json=asked).json()["id"]
    client.post(f"/v1/payments/{made}/confirm").raise_for_status()
    return made


def figure(page, label):
    return page.locator(".figure", has_text=label).first.locator(".value")


def told(page, position):
    """The page knows of the facts up to here."""
    count = f"{position:,}"
    page.locator(f'#freshness[title="Up to fact {count}"]').wait_for(state="attached")


def head(client):
    return int(client.get("/v1/customers?limit=1").headers["whence-position"])


def test_what_a_customer_pays_moves_their_page_and_leaves_what_was_opened(
    page, server, client, asked
):
    ama = add(client, "Ama Mensah")
    pay(client, ama)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{server.url}/console/customers/{ama}")
    newest = page.locator(".entry").first
    newest.locator("summary").click()
    opened = newest.get_attribute("id")
    page.locator("tbody a.whole").first.focus()
    focused = page.evaluate("document.activeElement.href")

    pay(client, ama, 2500)

    figure(page, "Total spent").get_by_text("65.00").wait_for()
    known = client.get(f"/v1/customers/{ama}").json()
    assert figure(page, "Total spent").inner_text() == f"GHS\u00a0{known['total_spent'] / 100:.2f}"
    assert figure(page, "Successful payments").inner_text() == str(known["successful_payments"])
    assert page.locator("tbody a.whole").count() == 2
    assert page.locator(f"#{opened} details[open]").count() == 1
    assert page.locator(".entry details[open]").count() == 1
    assert page.evaluate("document.activeElement.href") == focused
    assert asked
    assert said == []


def test_what_others_do_asks_nothing_of_a_customers_page(page, server, client, asked):
    ama, kofi = add(client, "Ama Mensah"), add(client, "Kofi Boateng")
    page.goto(f"{server.url}/console/customers/{ama}")
    told(page, head(client))

    pay(client, kofi)
    told(page, head(client))
    pay(client, ama)
    figure(page, "Total spent").get_by_text("40.00").wait_for()

    assert len(asked) == 1


def test_a_list_takes_in_who_is_new_and_the_row_in_focus_stays(page, server, client):
    for name in ("Ama Mensah", "Kofi Boateng"):
        add(client, name)
    page.goto(f"{server.url}/console/customers")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "Ama Mensah"

    add(client, "Efua Asante")

    page.locator("tbody").get_by_text("Efua Asante").wait_for()
    assert page.locator("tbody th").all_inner_texts() == [
        "Efua Asante",
        "Kofi Boateng",
        "Ama Mensah",
    ]
    assert page.evaluate("document.activeElement.textContent") == "Ama Mensah"


def test_whoever_reads_further_down_is_told_how_many_are_new(page, server, client):
    for number in range(30):
        add(client, f"Customer {number}")
    page.goto(f"{server.url}/console/customers")
    page.locator("tbody th").last.scroll_into_view_if_needed()
    before = page.evaluate("[scrollY, document.querySelectorAll('tbody tr').length]")

    add(client, "Efua Asante")
    add(client, "Kwame Mensah")

    page.get_by_role("link", name="2 new").wait_for()
    assert page.evaluate("[scrollY, document.querySelectorAll('tbody tr').length]") == before
    page.get_by_role("link", name="2 new").click()
    page.locator("tbody").get_by_text("Kwame Mensah").wait_for()
    assert page.locator("#news").is_hidden()


def test_nothing_changes_while_somebody_fills_something_in(page, server, client, asked):
    ama = add(client, "Ama Mensah")
    page.clock.install()
    page.goto(f"{server.url}/console/customers/{ama}")
    page.locator("[name=tag]").press_sequentially("vip")

    pay(client, ama)
    told(page, head(client))
    page.clock.run_for(LONG_AFTER)
    add(client, "Kofi Boateng")
    told(page, head(client))

    assert asked == []
    assert page.locator("[name=tag]").input_value() == "vip"
    page.locator("[name=tag]").fill("")
    page.clock.run_for(LONG_AFTER)
    figure(page, "Total spent").get_by_text("40.00").wait_for()


def test_a_page_that_nobody_sees_asks_for_nothing_until_it_is_seen(page, server, client, asked):
    ama = add(client, "Ama Mensah")
    page.clock.install()
    page.goto(f"{server.url}/console/customers/{ama}")
    told(page, head(client))
    seen = page.context.new_page()
    seen.goto(page.url)
    hide(page, hidden=True)

    pay(client, ama)
    figure(seen, "Total spent").get_by_text("40.00").wait_for()
    seen.close()
    page.clock.run_for(LONG_AFTER)
    assert asked == []
    hide(page, hidden=False)

    figure(page, "Total spent").get_by_text("40.00").wait_for()


def hide(page, *, hidden):
    """As if another tab were in front of it."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_a_past_stays_as_it_is(page, server, client, asked):
    ama = add(client, "Ama Mensah")
    page.goto(f"{server.url}/console/customers/{ama}?known_at=2100-01-01")
    page.goto(f"{server.url}/console/customers?known_at=2020-01-01")

    pay(client, ama)

    assert page.locator("[data-live]").count() == 0
    assert asked == []


def test_a_part_that_nobody_answers_for_says_so_where_it_stands_and_is_asked_for_again(
    page, server, client
):
    pay(client, add(client, "Ama Mensah"))
    page.route(RANKINGS, lambda route: route.abort())
    page.goto(f"{server.url}/console")
    notice = page.locator("#rankings [role=alert]")
    notice.get_by_text("the service was not reached").wait_for()
    page.unroute_all()

    notice.get_by_role("button", name="Try again").click()

    page.locator("#rankings").get_by_text("Ama Mensah").first.wait_for()
    assert notice.count() == 0


def test_a_part_that_fails_says_so_where_it_stands_and_is_asked_for_again(page, server, client):
    pay(client, add(client, "Ama Mensah"))
    failing = page.request.get(
        f"{server.url}/console?show=rankings&preset=30d&from=nonsense",
        headers={"HX-Request": "true", "HX-Target": "div#rankings"},
    )
    page.route(
        RANKINGS,
        lambda route: route.fulfill(response=failing),
    )
    page.goto(f"{server.url}/console")
    failed = page.locator("#rankings[role=alert]")
    failed.wait_for()
    page.unroute_all()

    failed.get_by_role("link", name="Without it").click()

    page.locator("#rankings").get_by_text("Ama Mensah").first.wait_for()
    assert page.url == f"{server.url}/console"


def test_what_a_form_tries_says_so_when_nobody_answers_and_is_tried_again(page, server):
    page.route("**/console/workflows/backtest", lambda route: route.abort())
    page.goto(f"{server.url}/console/workflows/new")
    page.locator("#f-name").fill("Big spenders")
    notice = page.locator("#backtest [role=alert]")
    notice.get_by_text("the service was not reached").wait_for()
    page.unroute_all()

    notice.get_by_role("button", name="Try again").click()

    page.locator("#backtest").get_by_text("Not tried yet").wait_for()


def test_what_takes_long_shows_its_shape_meanwhile(page, server, client):
    pay(client, add(client, "Ama Mensah"))
    held = []
    page.route(RANKINGS, lambda route: held.append(route))  # noqa: PLW0108 (it notes its name there)
    page.goto(f"{server.url}/console")

    bones = page.locator("#rankings .skeleton")
    awaited(lambda: bones.evaluate("each => getComputedStyle(each).opacity") == "1")
    assert bones.evaluate("each => getComputedStyle(each).animationDelay") == "0.15s"
    held[0].continue_()

    page.locator("#rankings").get_by_text("Ama Mensah").first.wait_for()
    assert bones.count() == 0


def test_whoever_is_signed_out_elsewhere_reads_so_on_the_open_page(page, server, console, client):
    page.goto(f"{server.url}/console/customers")
    told(page, head(client))

    console.post("/console/logout")
    add(client, "Ama Mensah")

    page.locator("#freshness", has_text="Signed out: sign in again").wait_for()
    assert page.locator("#freshness a").get_attribute("href") == page.url


def test_a_page_says_since_when_nothing_is_reached_until_it_is(page, server, client):
    page.route("**/console/live*", lambda route: route.abort())
    page.goto(f"{server.url}/console/customers")
    page.locator("#freshness", has_text="Not reached since").wait_for()

    page.unroute("**/console/live*")

    told(page, head(client))
