"""What somebody does in the console from the first look on, in a real browser, by the keyboard.

`make soak` finds her among 100,000; `make test` among fewer.
"""

import os
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from lived_in import ama, lived_in
from waiting import awaited

pytestmark = pytest.mark.takes_long

CUSTOMERS = int(os.environ.get("WHENCE_TEST_CUSTOMERS", "40"))
PASSWORD = "correct horse battery"
# Whoever works on the store lets everybody else go first.
PATIENCE_MS = 120_000
EFUA = "efua@shop.example"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    with lived_in(folder, customers=CUSTOMERS, payments=max(300, CUSTOMERS // 4)) as shop:
        yield shop


@pytest.fixture(scope="module")
def her(shop):
    return ama(shop)


@pytest.fixture
def page(pages, shop):
    page = pages.fresh(scripts=True)
    page.context.add_cookies(shop.cookies)
    return page


def amount(minor):
    return f"GHS\u00a0{minor / 100:,.2f}"


def test_why_a_lifetime_value_is_lower_than_what_was_paid_is_found_by_the_keyboard(
    pages, shop, her
):
    page = pages.fresh(scripts=True)
    page.goto(f"{shop.url}/console/customers")
    page.get_by_label("API key").fill(shop.key)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/customers")

    page.keyboard.press("/")
    page.keyboard.press("Escape")
    page.locator(".filters input[name=search]").press_sequentially("ama serwaa")
    page.get_by_text("1 to 1 of 1").wait_for()
    page.locator("main").focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/customers/{her['id']}*")
    figures = shop.ask(f"/v1/customers/{her['id']}")
    value = page.get_by_role("link", name=re.compile("Lifetime value|65")).first
    assert amount(figures["lifetime_value"]) in page.locator("main").inner_text()
    value.press("Enter")
    page.wait_for_url("**/explain?figure=lifetime_value*")

    told = page.locator("main").inner_text()
    assert amount(8000) in told
    assert amount(6500) in told
    assert "returned" in told


def test_a_customer_is_shown_as_they_were_a_month_ago(page, shop):
    [best] = shop.ask("/v1/customers/top", limit=1)["customers"]
    then = re.sub(r"T.*", "T00:00:00Z", best["last_payment_at"])

    page.goto(f"{shop.url}/console/customers/{best['id']}?as_of={then}")

    before = shop.ask(f"/v1/customers/{best['id']}", as_of=then)
    assert before["total_spent"] < best["total_spent"]
    shown = page.locator("main").inner_text()
    assert f"{before['total_spent'] / 100:,.2f}" in shown
    assert f"{best['total_spent'] / 100:,.2f}" not in shown
    page.get_by_role("link", name="Back to now").click()
    page.get_by_text(f"{best['total_spent'] / 100:,.2f}").first.wait_for()


def test_a_link_that_is_paid_in_another_tab_moves_the_overview(page, shop):
    link = shop.do("/v1/payment-links", name="Flyer", amount=4000, currency="GHS")
    overview = f"{shop.url}/console?preset=today&currency=GHS"
    page.goto(overview)
    before = revenue(page)

    tab = page.context.new_page()
    tab.goto(link["url"])
    tab.get_by_text("Card").click()
    tab.get_by_label("Name").fill("Kofi Boateng")
    tab.get_by_label("Email").fill("kofi@shop.example")
    tab.get_by_role("button", name="Pay GHS 40.00").click()
    tab.get_by_text("Paid. Thank you.").wait_for()
    tab.close()

    awaited(lambda: revenue(page) == before + 4000)
    series = shop.ask("/v1/payments/stats/series", **today(page), currency="GHS")
    assert revenue(page) == series["totals"]["amount"]


def today(page):
    """As the overview asks for it, on the clocks of its zone."""
    zone = (
        page.locator(".about").inner_text().rpartition("Days by ")[2].strip().removesuffix(" time")
    )
    start = datetime.now(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"from": start.isoformat(), "to": (start + timedelta(days=1)).isoformat()}


def revenue(page):
    """As the overview says it, in pesewas."""
    value = page.locator(".figure", has_text="Revenue").first.locator(".value").inner_text()
    return int(re.sub(r"\D", "", value))


def test_a_rule_shows_what_it_would_have_done_while_it_is_written(page, shop, her):  # noqa: ARG001
    page.goto(f"{shop.url}/console/workflows/new")

    page.get_by_label("Name", exact=True).fill("Thanks")
    page.locator("[name=trigger]").select_option("payment.success")
    page.locator("[name=action0_type]").select_option("add_tag")
    page.locator("[name=action0_tag]").fill("thanked")
    page.locator("#backtest").get_by_text("Nothing was sent.").wait_for()

    rule = {
        "name": "Thanks",
        "trigger": "payment.success",
        "actions": [{"type": "add_tag", "config": {"tag": "thanked"}}],
    }
    times = shop.do("/v1/workflows/rules/backtest", rule=rule)["executions"]
    assert times >= 2
    shown = page.locator("#backtest dl div", has_text="Times").first.inner_text()
    assert f"{times:,}" in shown


def test_a_rebuild_is_watched_to_its_end_while_pages_answer_and_what_serves_is_proved(page, shop):
    before = shop.ask("/v1/system")["views"]["generation"]
    page.goto(f"{shop.url}/console")
    page.keyboard.press("g")
    page.keyboard.press("y")
    page.wait_for_url("**/console/system")

    page.get_by_role("button", name="Rebuild").click()
    page.get_by_role("heading", name="Rebuilding the views").wait_for()
    assert page.request.get(f"{shop.url}/console/customers").ok
    page.get_by_text(f"Set {before + 1} serves").first.wait_for(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Verify").click()
    page.get_by_text("Sound:").first.wait_for(timeout=PATIENCE_MS)

    system = shop.ask("/v1/system")
    assert system["views"]["generation"] == before + 1
    rows = system["last_verification"]["report"]["rows"]
    assert f"Sound: {rows:,} rows" in page.locator("main").inner_text()
    assert page.get_by_role("heading", name="Verifying").count() == 0


def test_support_sees_customers_covered(pages, shop, her, tmp_path):
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    org_id = shop.ask("/v1/organization")["id"]
    added = shop.server.whence(
        *("users", "add", EFUA, "--role", "support", "--org", org_id, "--password-file", str(file))
    )
    assert added.returncode == 0, added.stderr
    page = pages.fresh(scripts=True)
    page.goto(f"{shop.url}/console/customers/{her['id']}")

    page.get_by_label("Organization").fill(org_id)
    page.get_by_label("Email").fill(EFUA)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/customers/**")
    page.get_by_role("button", name="Go to test mode").click()
    page.wait_for_url("**/console")
    page.goto(f"{shop.url}/console/customers/{her['id']}")

    page.get_by_text("A••• S•••").first.wait_for()
    assert "Serwaa" not in page.content()
