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
