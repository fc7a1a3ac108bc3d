"""The overview in a real browser: what comes after the page, and what moves as somebody pays."""


def test_the_rankings_come_by_themselves_and_figures_move_as_somebody_pays(page, server, client):
    said = []
    page.on("console", lambda message: said.append(message.text))
    asked = {"amount": 4000, "currency": "GHS", "customer_id": "ama@example.com"}
    client.post("/v1/payments/intents", json=asked).raise_for_status()
    page.goto(f"{server.url}/console")

    page.locator("#rankings").get_by_text("ama@example.com").first.wait_for()
    page.locator("#overview .uplot").first.wait_for()

    client.post("/v1/payments/intents", json=asked).raise_for_status()
    page.locator("#overview").get_by_text("from 2 payments").wait_for()
    assert page.locator("#rankings").get_by_text("ama@example.com").count() >= 1
    assert said == []


def test_what_waits_stands_on_one_line(page, server, client):
    asked = {"amount": 4000, "currency": "GHS", "customer_id": "ama@example.com"}
    paid = client.post("/v1/payments/intents", json=asked).raise_for_status().json()["id"]
    client.post(f"/v1/payments/{paid}/confirm").raise_for_status()
    client.post(f"/v1/payments/{paid}/dispute", json={"amount": 100}).raise_for_status()

    page.set_viewport_size({"width": 1440, "height": 800})
    page.goto(f"{server.url}/console")

    places = [
        page.locator(each).first.bounding_box()
        for each in (".waits h2", ".waits li a", ".waits li .quiet")
    ]
    middles = [place["y"] + place["height"] / 2 for place in places]
    assert max(middles) - min(middles) < 3


KEPT = """
let drawn;
Object.defineProperty(window, "uPlot", {
  get: () => drawn,
  set: (plot) => {
    drawn = class extends plot {
      constructor(...all) { super(...all); (window.plots ||= []).push(this); }
    };
  },
});
"""


def test_the_axis_of_a_chart_has_marks_to_measure_by(page, server, client):
    asked = {"amount": 1_900_000, "currency": "GHS", "customer_id": "ama@example.com"}
    paid = client.post("/v1/payments/intents", json=asked).raise_for_status().json()["id"]
    client.post(f"/v1/payments/{paid}/confirm").raise_for_status()
    page.add_init_script(KEPT)

    page.goto(f"{server.url}/console")
    page.wait_for_function("window.plots?.length >= 3")

    marks = page.evaluate("plots.slice(-3).map(plot => plot.axes[1]._values)")
    assert marks == [["0", "5K", "10K", "15K"], ["0", "1"], ["0", "1"]]


def test_on_a_phone_no_time_stands_on_a_line_of_its_own(page, server):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/console")

    times = page.get_by_label("Time", exact=True).get_by_role("link").all()
    lines = [each.bounding_box()["y"] for each in times]
    assert [lines.count(each) for each in lines] == [3] * 6
    assert all(each.evaluate("link => link.scrollWidth <= link.clientWidth") for each in times)
    whole = page.get_by_label("Time", exact=True).bounding_box()
    assert whole["width"] == page.locator(".about").bounding_box()["width"]
