"""Customers in a real browser: what is typed is found, and nothing anybody is called does harm."""

import pytest


def test_why_a_lifetime_value_is_lower_than_what_was_paid_takes_one_press(page, server, ama):
    page.goto(f"{server.url}/console/customers/{ama}")

    page.get_by_role("link", name="GHS 1,100.00").click()

    page.get_by_role("heading", name="What lowered it").wait_for()
    assert page.locator(".sum tfoot td").inner_text() == "GHS\xa01,100.00"
    assert page.locator("tbody", has_text="damaged").count() >= 1


def test_filters_narrow_a_list_together_and_only_what_is_asked_stands_in_the_address(
    page, server, till, ama
):
    till.pay(till.add("Ama Owusu"), 100)
    page.goto(f"{server.url}/console/customers")

    page.locator(".filters input[name=search]").press_sequentially("ama")
    page.get_by_text("1 to 2 of 2").wait_for()
    page.locator(".filters select[name=source]").select_option("payment_link")

    page.get_by_text("1 to 1 of 1").wait_for()
    page.wait_for_url("**/console/customers?search=ama&source=payment_link")
    assert page.locator(f"a[href*='{ama}']").count() == 1


@pytest.mark.parametrize("width", [1280, 1440])
def test_nothing_anybody_is_called_pushes_a_column_out_of_sight(page, server, till, width):
    somebody = till.add("Ama " * 50, email=f"{'a' * 60}@example.com", tags=["😀" * 64, "t" * 64])
    till.pay(somebody, 10**12)
    page.set_viewport_size({"width": width, "height": 800})

    page.goto(f"{server.url}/console/customers")

    room, list_, name = (
        page.locator(each).bounding_box()
        for each in (".listing", ".list", f"th:has(a[href*='{somebody}'])")
    )
    assert list_["width"] <= room["width"] + 1
    assert name["width"] > 150


def test_nothing_anybody_is_called_does_harm_on_a_phone(page, server, till):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    somebody = till.add(
        "<script>alert(1)</script>" + "x" * 220,
        external_id="e" * 255,
        tags=["😀" * 64, "t" * 64],
        metadata={"note": "y" * 1_990, "مفتاح": "مريم العلي " * 20},
    )
    payment = till.pay(somebody, 10**12, description="z" * 900)
    till.refund(payment, 5, "q" * 900)
    page.set_viewport_size({"width": 360, "height": 780})

    too_wide = {}
    for path in ("", f"/{somebody}", f"/{somebody}/explain", f"/{somebody}/edit", "/top"):
        page.goto(f"{server.url}/console/customers{path}")
        root = "document.documentElement"
        too_wide[path] = page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")

    assert set(too_wide.values()) == {0}, too_wide
    assert said == []


def test_settings_are_one_row_on_a_phone_in_which_the_one_that_is_shown_is_seen(page, server):
    page.set_viewport_size({"width": 360, "height": 780})

    page.goto(f"{server.url}/console/settings/retries")

    shown = page.locator(".places [aria-current]").bounding_box()
    assert page.locator(".places").bounding_box()["height"] < 50
    assert shown["x"] + shown["width"] <= 360


@pytest.mark.usefixtures("ama")
def test_none_of_the_figures_of_what_changed_stands_alone(page, server):
    page.set_viewport_size({"width": 1440, "height": 800})

    page.goto(f"{server.url}/console/changes")

    tops = [each.bounding_box()["y"] for each in page.locator(".figure").all()]
    assert [tops.count(each) for each in tops] == [4, 4, 4, 4, 3, 3, 3]


def test_more_filters_stand_within_the_page_and_have_a_button(page, server, ama):  # noqa: ARG001
    for size in ({"width": 360, "height": 780}, {"width": 1440, "height": 900}):
        page.set_viewport_size(size)
        page.goto(f"{server.url}/console/payments")
        is_phone = size["width"] < 768
        if is_phone:
            page.get_by_role("button", name="Filters").click()
        page.locator(".filters summary").click()
        panel = page.locator(".folded" if is_phone else ".filters .panel").bounding_box()
        main = page.locator("main").bounding_box()
        assert main["x"] <= panel["x"]
        assert panel["x"] + panel["width"] <= size["width"]
        assert panel["y"] + panel["height"] <= size["height"]

    page.get_by_label("Currency").fill("KES")
    page.get_by_role("button", name="Show").click()

    page.get_by_text("No payment is like that").wait_for()


def test_a_list_on_a_phone_shows_who_paid_and_its_whole_state(page, server, ama):  # noqa: ARG001
    page.set_viewport_size({"width": 360, "height": 780})

    page.goto(f"{server.url}/console/payments")

    row = page.locator("tbody tr").first
    state = row.locator(".state")
    assert "Ama Mensah" in row.inner_text()
    assert state.evaluate("each => each.parentNode.scrollWidth <= each.parentNode.clientWidth + 1")
    assert page.locator("[aria-label=Menu]").count() == 0


def test_a_list_of_one_page_has_no_steps(page, server, ama):  # noqa: ARG001
    page.goto(f"{server.url}/console/customers")

    assert page.locator(".pager").count() == 1
    assert page.locator(".steps").count() == 0


def test_a_payment_that_began_and_succeeded_is_told_once_with_its_method(page, server, till):
    yaw = till.add("Yaw")
    till.pay(yaw, 4000, method="mobile_money")

    page.goto(f"{server.url}/console/customers/{yaw}")

    told = page.locator("#timeline").inner_text()
    assert "Payment succeeded" in told
    assert "Mobile money" in told
    assert "Payment begun" not in told
    assert "payment.created" in page.locator("#timeline pre").first.text_content()
