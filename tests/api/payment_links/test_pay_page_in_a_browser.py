"""A pay page in a real browser: legible, narrow, by keyboard, and never paid twice."""

import re
from functools import partial

import pytest
from axe import SOURCE, serious
from playwright.sync_api import expect

SUMMER = {"name": "Summer Sale", "amount": 9900, "currency": "GHS"}


@pytest.fixture
def open_page(pages):
    """The page of somebody whose browser runs what stands in it."""
    return partial(pages.fresh, scripts=True)


@pytest.fixture
def page(pages):
    """One that runs no script, as what everybody can do must work."""
    return pages.fresh(scripts=False)


@pytest.fixture
def link(client):
    return client.post("/v1/payment-links", json=SUMMER).json()


def introduce(page):
    page.get_by_text("Card").click()
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Email").fill("ada@example.com")


# The contrast of every text that is seen with what it stands on, as a browser has drawn it.
CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const drawn = {};
  const channels = (color) => drawn[color] ??= draw(color);
  const draw = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color) => channels(color).slice(0, 3)
    .map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, channel) => sum + each * [0.2126, 0.7152, 0.0722][channel], 0);
  const surface = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if (channels(color)[3] === 255) return color;
    }
    return "white";
  };
  const written = [...document.querySelectorAll("body *")].filter((element) =>
    element.getClientRects().length && !element.closest("script, option, .unseen") &&
    (element.matches("input:not(.pick), select") ||
      [...element.childNodes].some((each) => each.nodeType === 3 && each.data.trim())));
  return written.map((element) => {
    const pair = [getComputedStyle(element).color, surface(element)].map(luminance).sort();
    const [darker, lighter] = pair.sort((one, other) => one - other);
    return [element.textContent.trim().slice(0, 40), (lighter + 0.05) / (darker + 0.05)];
  });
}"""


@pytest.mark.parametrize(
    ("scheme", "accent"), [("light", "#f5c518"), ("dark", "#101010"), ("dark", "#0b6b63")]
)
def test_every_word_can_be_read_in_light_and_in_dark(client, open_page, scheme, accent):
    terms = SUMMER | {"branding": {"color": accent}, "description": "Twelve months."}
    link = client.post("/v1/payment-links", json=terms).json()
    page = open_page(color_scheme=scheme)

    page.goto(link["url"])
    form = page.evaluate(CONTRASTS)
    press(page)
    wrong = page.evaluate(CONTRASTS)
    introduce(page)
    press(page)
    press(page)
    receipt = page.evaluate(CONTRASTS)

    assert 10 < len(form) < len(wrong)
    assert [each for each in (*form, *wrong, *receipt) if each[1] < 4.5] == []


def press(page):
    """Returns when what follows is there as a whole."""
    with page.expect_navigation():
        page.get_by_role("button").click()


def test_no_page_is_wider_than_the_narrowest_telephone(client, page):
    long_name = "Donaudampfschifffahrtsgesellschaftskapitän" * 3
    choice = {"name": "seat", "type": "select", "options": [long_name], "label": long_name}
    terms = SUMMER | {"name": long_name, "custom_fields": [choice], "reference": "R" * 80}
    link = client.post("/v1/payment-links", json=terms).json()
    page.set_viewport_size({"width": 320, "height": 568})

    for step in ("form", "wrong", "confirm", "receipt"):
        if step == "form":
            page.goto(link["url"])
        elif step == "confirm":
            introduce(page)
            page.get_by_role("button").click()
        else:
            page.get_by_role("button").click()
        sizes = [
            page.evaluate(f"document.documentElement.{side}Width") for side in ("scroll", "client")
        ]
        assert sizes[0] <= sizes[1], step


def test_mobile_money_is_paid_with_the_keyboard_alone(link, page):

    page.goto(link["url"])
    expect(page.get_by_role("radio", name="Mobile money")).to_be_checked()
    for key in ("Tab", "Tab"):
        page.keyboard.press(key)
    expect(page.get_by_role("textbox", name="Mobile money number")).to_be_focused()
    page.keyboard.type("020 123 4567")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Confirm GHS 99.00").press("Enter")

    expect(page.get_by_role("status")).to_have_text("Paid. Thank you.")
    expect(page.get_by_text("Telecel · •••• 4567")).to_be_visible()
    assert "secret" not in page.url


def test_the_first_thing_that_is_wrong_has_the_focus(link, page):

    page.goto(link["url"])
    page.get_by_text("MTN").click()
    page.get_by_role("button", name="Pay").click()

    expect(page.get_by_role("textbox", name="Mobile money number")).to_be_focused()
    expect(page.get_by_role("radio", name="MTN")).to_be_checked()


def test_going_back_and_loading_again_never_pays_twice(client, link, page):

    page.goto(link["url"])
    introduce(page)
    page.get_by_role("button", name="Pay GHS 99.00").click()
    page.get_by_role("button", name="Confirm GHS 99.00").click()
    expect(page.get_by_role("status")).to_have_text("Paid. Thank you.")
    page.reload()
    expect(page.get_by_role("status")).to_have_text("Paid. Thank you.")
    page.go_back(wait_until="commit")
    expect(page.get_by_role("status")).to_have_text("Paid. Thank you.")
    page.go_back(wait_until="commit")

    expect(page.get_by_role("status")).to_contain_text("You have paid GHS 99.00 here before")
    assert len(client.get("/v1/payments").json()) == 1


# Presses the button twice; how often the form was sent, and whether it says so.
PRESSED_TWICE = """() => {
  let sent = 0;
  addEventListener("submit", (event) => {
    if (!event.defaultPrevented) sent += 1;
    event.preventDefault();
  });
  const button = document.querySelector("button");
  button.click();
  button.click();
  return [sent, button.form.getAttribute("aria-busy")];
}"""


def test_the_networks_follow_the_country(link, open_page):
    page = open_page()
    networks = page.get_by_role("group", name="Network")

    page.goto(link["url"])
    networks.get_by_text("Telecel").click()
    page.get_by_label("Country").select_option("KE")
    kenyan = networks.get_by_role("radio").evaluate_all("all => all.map((each) => each.value)")
    networks.get_by_text("M-Pesa").click()
    page.get_by_label("Mobile money number").fill("0712 345678")
    press(page)
    press(page)

    assert kenyan == ["mpesa", "airtel", "another"]
    expect(page.get_by_text("M-Pesa · •••• 5678")).to_be_visible()


def test_methods_that_nobody_has_in_a_country_are_not_offered_there(link, open_page):
    page = open_page()
    methods = page.get_by_role("group", name="Pay with").get_by_role("radio")

    page.goto(link["url"])
    page.get_by_label("Country").select_option("US")
    expect(methods).to_have_count(2)
    expect(page.get_by_role("radio", name="Card")).to_be_checked()
    page.get_by_label("Country").select_option("GH")

    expect(page.get_by_role("radio", name="Mobile money")).to_be_visible()
    page.get_by_text("Mobile money", exact=True).click()
    expect(page.get_by_role("radio", name="AirtelTigo")).to_be_visible()


def test_a_form_shows_that_it_was_sent_and_is_not_sent_again(link, open_page):
    page = open_page()
    said = []
    page.on("console", lambda message: said.append(message.text))

    page.goto(link["url"])

    assert page.evaluate(PRESSED_TWICE) == [1, "true"]
    assert said == []


def test_a_receipt_is_printed_without_what_only_a_screen_needs(client, open_page):
    link = client.post("/v1/payment-links", json=SUMMER | {"amount": 4000}).json()
    opened = open_page(color_scheme="dark")

    opened.goto(link["url"])
    introduce(opened)
    opened.get_by_role("button", name="Pay").click()
    expect(opened.get_by_role("button", name="Print or save")).to_be_visible()
    opened.emulate_media(media="print")

    expect(opened.get_by_role("button")).to_have_count(0)
    expect(opened.get_by_role("rowheader", name="Receipt number")).to_be_visible()
    for part in ("body", ".desk", ".sheet", ".badge"):
        paper = opened.locator(part).evaluate("each => getComputedStyle(each).backgroundColor")
        assert paper in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"), part


@pytest.mark.parametrize("is_there", [True, False])
def test_a_logo_that_is_not_there_leaves_its_place_to_an_initial(client, open_page, is_there):
    client.patch("/v1/organization", json={"name": "Kente House"})
    # By a name of its own: what was fetched once is not fetched again.
    branding = {"logo_url": f"https://shop.example/{is_there}.svg"}
    link = client.post("/v1/payment-links", json=SUMMER | {"branding": branding}).json()
    page = open_page()
    square = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"></svg>'

    def logo(route):
        route.fulfill(body=square, content_type="image/svg+xml") if is_there else route.abort()

    page.route("https://shop.example/**", logo)
    page.goto(link["url"])

    expect(page.locator(".logo")).to_be_visible(visible=is_there)
    expect(page.locator(".initial")).to_be_visible(visible=not is_there)


def test_no_amount_is_broken_in_two_on_the_narrowest_telephone(client, page):
    link = client.post("/v1/payment-links", json=SUMMER | {"amount": 99_999_999_999}).json()
    page.set_viewport_size({"width": 320, "height": 568})

    page.goto(link["url"])

    lines = page.locator(".price").evaluate(
        "each => each.offsetHeight / parseFloat(getComputedStyle(each).lineHeight)"
    )
    assert round(lines) == 1


@pytest.mark.parametrize("width", [320, 1440])
def test_the_name_of_a_usual_country_can_be_read(client, page, width):
    link = client.post("/v1/payment-links", json=SUMMER | {"country": "US"}).json()
    page.set_viewport_size({"width": width, "height": 900})

    page.goto(link["url"])

    # What a select would need by itself, beside what it has.
    wanted, has = page.get_by_label("Country").evaluate(
        """each => {
          const has = each.offsetWidth;
          const only = each.cloneNode();
          only.append(each.selectedOptions[0].cloneNode(true));
          only.style.width = "auto";
          each.after(only);
          return [only.offsetWidth, has];
        }"""
    )
    assert wanted <= has


def test_a_short_page_stands_in_the_middle_of_a_wide_screen(client, page):
    link = client.post("/v1/payment-links", json=SUMMER).json()
    client.patch(f"/v1/payment-links/{link['id']}", json={"active": False})
    page.set_viewport_size({"width": 1440, "height": 900})

    page.goto(link["url"])

    card, foot = (page.locator(part).bounding_box() for part in (".card", ".foot"))
    assert abs(card["y"] + card["height"] / 2 - 450) < 10
    assert abs(card["y"] + card["height"] - foot["y"] - foot["height"]) < 1


def test_a_page_of_nobody_begins_at_the_top_of_a_telephone(server, page):
    page.set_viewport_size({"width": 360, "height": 740})

    page.goto(f"{server.url}/pay/nothing")

    assert page.locator(".card").bounding_box()["y"] < 32


def test_a_network_that_is_missing_is_not_taken_for_one_that_is_chosen(link, page):
    page.goto(link["url"])
    page.get_by_role("button").click()
    page.get_by_text("Choose your network").wait_for()

    def color(of, which):
        return of.evaluate(f"each => getComputedStyle(each).{which}")

    first, red = page.locator("[for=network_mtn]"), color(page.locator("#network_problem"), "color")
    before = color(first, "outlineColor"), color(first, "borderTopColor")
    first.click()
    after = color(first, "outlineColor"), color(first, "borderTopColor")

    assert before == (red, red)
    assert red not in after


def test_the_network_and_the_country_follow_the_number(link, open_page):
    page = open_page()
    networks = page.get_by_role("group", name="Network")

    page.goto(link["url"])
    page.get_by_label("Mobile money number").fill("020 123 4567")
    expect(page.get_by_role("radio", name="Telecel")).to_be_checked()
    expect(networks.get_by_role("status")).to_contain_text("Telecel, going by your number.")
    page.get_by_label("Mobile money number").fill("+254 712 345678")

    expect(page.get_by_label("Country")).to_have_value("KE")
    expect(page.get_by_role("radio", name="M-Pesa")).to_be_checked()
    networks.get_by_text("Airtel", exact=True).click()
    page.get_by_label("Mobile money number").fill("+254 712 345679")
    expect(page.get_by_role("radio", name="Airtel")).to_be_checked()


def test_a_page_that_waits_shows_by_itself_what_became_of_the_payment(client, link, open_page):
    page = open_page()
    page.goto(link["url"])
    page.get_by_label("Mobile money number").fill("020 123 4567")
    press(page)
    expect(page.get_by_text(" left")).to_be_visible()
    [payment] = client.get("/v1/payments").json()

    client.post(f"/v1/payments/{payment['id']}/confirm")
    # As if somebody came back from the app in which they have approved it.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.get_by_role("rowheader", name="Receipt number")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Paid. Thank you.")


def test_a_button_says_what_is_paid_where_the_payer_says_how_much(client, open_page):
    terms = {"name": "Gift", "currency": "GHS", "allow_custom_amount": True}
    page, said = open_page(), []
    page.goto(client.post("/v1/payment-links", json=terms).json()["url"])

    for typed in ("12.5", "1.500", "ten"):
        page.get_by_label("Amount in GHS").fill(typed)
        said.append(page.get_by_role("button").inner_text().replace("\N{NO-BREAK SPACE}", " "))

    assert said == ["Pay GHS 12.50", "Pay", "Pay"]


def test_every_step_of_a_payer_is_for_everybody_in_both_themes(client, open_page):
    client.patch("/v1/organization", json={"name": "Kente House", "color": "#f5c518"})
    page, found = open_page(), {}

    def look(step):
        page.evaluate(SOURCE)
        found[step] = serious(page)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found[step] += serious(page, "color-contrast")
        page.emulate_media(color_scheme="light")

    page.goto(client.post("/v1/payment-links", json=SUMMER | {"amount": 4002}).json()["url"])
    look("form")
    press(page)
    look("wrong")
    page.get_by_label("Mobile money number").fill("020 123 4567")
    press(page)
    look("declined")
    page.goto(client.post("/v1/payment-links", json=SUMMER).json()["url"])
    page.get_by_label("Mobile money number").fill("020 123 4567")
    press(page)
    look("wait")
    press(page)
    look("receipt")

    assert found == {step: [] for step in ("form", "wrong", "declined", "wait", "receipt")}


def test_a_receipt_tells_the_moment_by_the_clock_of_whoever_reads_it_too(client, open_page):
    client.patch("/v1/organization", json={"time_zone": "Africa/Accra"})
    link = client.post("/v1/payment-links", json=SUMMER | {"amount": 4000}).json()
    page = open_page()
    browser = page.context.new_cdp_session(page)
    paid, here = page.locator(".when time"), page.locator(".when .here")

    browser.send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Kathmandu"})
    page.goto(link["url"])
    introduce(page)
    press(page)
    expect(here).to_have_text(re.compile("^[0-9]+ .* 20[0-9]{2} at [0-9:]{5} where you are$"))
    minutes = [
        60 * int(hour) + int(minute)
        for hour, minute in (
            re.search("([0-9]{2}):([0-9]{2})", each.inner_text()).groups() for each in (paid, here)
        )
    ]
    assert (minutes[1] - minutes[0]) % (24 * 60) == 5 * 60 + 45
    browser.send("Emulation.setTimezoneOverride", {"timezoneId": "Africa/Accra"})
    page.reload()

    expect(paid).to_be_visible()
    expect(here).to_have_count(0)
    browser.send("Emulation.setTimezoneOverride", {"timezoneId": ""})
