"""Payment links: what each brought, its code for cameras, its card, and changing it."""

import re

import pytest
from console_browser import signed_in
from money_console import HOSTILE, made, paid, read, send
from page_forms import fields_of

from console.links.card import is_reached_by_phones


def new_link(client, **more):
    terms = {"name": "Summer sale", "currency": "GHS", "amount": 9900}
    return made(client, "/v1/payment-links", **(terms | more))


def test_the_list_shows_what_each_has_brought(console, client):
    link = new_link(client, max_uses=10)
    paid(client, amount=9900, source="payment_link", source_id=link["id"])

    shown = read(console, "/console/links")

    stats = client.get(f"/v1/payment-links/{link['id']}/stats").json()
    assert stats["total_revenue"] == 9900
    assert "Summer sale" in shown
    assert "99.00 GHS" in shown
    assert "1 to 1 of 1" in shown


@pytest.mark.parametrize(
    ("query", "is_there"),
    [("search=summer", True), ("search=winter", False), ("status=inactive", False)],
)
def test_the_list_is_narrowed(console, client, query, is_there):
    new_link(client)

    assert ("Summer sale" in read(console, f"/console/links?{query}")) == is_there


def test_a_link_shows_its_figures_and_who_paid(console, client):
    link = new_link(client, description="All of it")
    ama = made(client, "/v1/customers", name="Ama Mensah")["id"]
    payment = paid(
        client, amount=9900, source="payment_link", source_id=link["id"], customer_id=ama
    )
    made(client, f"/v1/payments/{payment}/refund", amount=900)

    shown = read(console, f"/console/links/{link['id']}")

    for words in ("Ama Mensah", "GHS 99.00", "GHS 90.00", link["url"], "All of it"):
        assert words in shown


def test_the_code_is_svg_without_a_style_in_it(console, client):
    link = new_link(client)

    page = console.get(f"/console/links/{link['id']}").text
    file = console.get(f"/console/links/{link['id']}/qr.svg")

    drawn = page.partition("<svg viewBox=")[2] or page.partition('class="qr"')[2]
    assert drawn
    assert "style=" not in page
    assert file.headers["content-type"].startswith("image/svg+xml")
    assert "attachment" in file.headers["content-disposition"]
    assert "<path" in file.text


def test_a_card_says_what_it_is_for_and_how_much(console, client):
    fixed, chosen = new_link(client), new_link(client, amount=None, allow_custom_amount=True)

    card = read(console, f"/console/links/{fixed['id']}/card")

    assert "Summer sale GHS 99.00" in card
    assert "TEST: takes no real money" in card
    assert "No phone reaches 127.0.0.1" in card
    assert fixed["url"] in card
    assert "You choose the amount" in read(console, f"/console/links/{chosen['id']}/card")


@pytest.mark.parametrize(
    ("host", "stated", "is_reached"),
    [
        ("pay.shop.example", False, True),
        ("127.0.0.1", True, False),
        ("::1", True, False),
        ("localhost", True, False),
        ("::", False, False),
        ("192.168.1.20", False, False),
        ("192.168.1.20", True, True),
        ("till", False, False),
        ("till.local", False, False),
        ("till.local", True, True),
        ("8.8.8.8", False, True),
    ],
)
def test_which_addresses_a_phone_reaches(host, stated, is_reached):
    assert is_reached_by_phones(host, stated=stated) is is_reached


def test_a_payer_without_a_name_is_called_by_their_number(console, client):
    link = new_link(client)
    ama = made(client, "/v1/customers", phone="+233501234589")["id"]
    paid(client, amount=9900, source="payment_link", source_id=link["id"], customer_id=ama)
    payment = paid(client, amount=9900, source="payment_link", source_id=link["id"])
    gone = made(client, "/v1/customers", name="Gone")["id"]
    paid(client, amount=9900, source="payment_link", source_id=link["id"], customer_id=gone)
    client.delete(f"/v1/customers/{gone}").raise_for_status()

    shown = read(console, f"/console/links/{link['id']}")

    assert "+233501234589 Succeeded" in shown
    assert f"{payment} Succeeded" in shown


def test_no_conversion_is_told_before_anybody_looked(console, client):
    link = new_link(client)

    for place in ("links", f"links/{link['id']}"):
        told = read(console, f"/console/{place}")
        assert "Conversion" in told
        assert "0%" not in told


def test_no_conversion_is_told_where_more_paid_than_looked(console, client):
    link = new_link(client)
    for _ in range(2):
        paid(client, amount=9900, source="payment_link", source_id=link["id"])

    shown = read(console, f"/console/links/{link['id']}")

    stats = client.get(f"/v1/payment-links/{link['id']}/stats").json()
    [listed] = client.get("/v1/payment-links").json()["payment_links"]
    assert [each["views"] for each in (stats, listed)] == [0, 0]
    for told in (shown, read(console, "/console/links")):
        assert "Conversion" in told
        assert "0%" not in told


def test_a_link_is_made_in_a_form(console, client):
    fields = {"name": "Rice", "currency": "ghs", "amount": "1,250.50", "max_uses": "3"}
    fields |= {"expires_at": "2030-01-31T12:00"}

    status, place = send(console, "/console/links/new", **fields)

    assert status == 303
    link = client.get(f"/v1/payment-links/{place.rpartition('/')[2]}").json()
    assert (link["name"], link["amount"], link["max_uses"]) == ("Rice", 125050, 3)
    assert link["expires_at"].startswith("2030-01-31T12:00")


def test_a_new_link_is_in_the_currency_that_most_is_paid_in(console, client):
    paid(client, currency="KES")
    ama = made(client, "/v1/customers", name="Ama")["id"]

    for place in ("links/new", "subscriptions/new", f"customers/{ama}/payment"):
        form = fields_of(console.get(f"/console/{place}").text)
        assert form["currency"] == "KES"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"currency": "Cedi"}, "write it like GHS"),
        ({"amount": "much"}, "not an amount in GHS"),
        ({"max_uses": "often"}, "must be a whole number"),
        ({"redirect_url": "nowhere"}, "not an http or https address"),
        ({"amount": "1.250"}, "say which is meant"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(console, client, wrong, said):
    fields = {"name": "Rice", "currency": "GHS", "amount": "10"} | wrong

    status, shown = send(console, "/console/links/new", **fields)

    assert status == 400
    assert said in shown
    assert client.get("/v1/payment-links").json()["pagination"]["total"] == 0


def test_a_link_is_changed_and_what_is_left_empty_is_cleared(console, client):
    link = new_link(client, description="All of it", max_uses=3)
    fields = {"name": "Autumn sale", "currency": "GHS", "amount": "5"}

    status, _ = send(console, f"/console/links/{link['id']}/edit", **fields)

    assert status == 303
    changed = client.get(f"/v1/payment-links/{link['id']}").json()
    assert (changed["name"], changed["amount"]) == ("Autumn sale", 500)
    assert (changed["description"], changed["max_uses"]) == (None, None)


def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(console, client):
    link = new_link(client, description="All of it", amount=1234567, max_uses=3)
    page = console.get(f"/console/links/{link['id']}/edit").text

    assert 'value="12345.67"' in page
    assert 'value="3"' in page


def test_a_link_is_switched_off_and_on(console, client):
    link = new_link(client)

    console.post(f"/console/links/{link['id']}/switch", data={"active": "false"})
    assert client.get(f"/v1/payment-links/{link['id']}").json()["status"] == "inactive"

    console.post(f"/console/links/{link['id']}/switch", data={"active": "true"})
    assert client.get(f"/v1/payment-links/{link['id']}").json()["status"] == "active"


def test_a_link_is_deleted_once_its_code_is_typed(console, client):
    link = new_link(client)
    path = f"/console/links/{link['id']}/delete"

    assert send(console, path, typed="something")[0] == 422
    assert send(console, path, typed=link["code"])[0] == 303

    assert client.get(f"/v1/payment-links/{link['id']}").status_code == 404


def test_what_somebody_wrote_is_text(console, client):
    link = new_link(client, name=HOSTILE, description=HOSTILE, reference=HOSTILE)

    for path in ("", "/{id}", "/{id}/card", "/{id}/edit", "/{id}/delete"):
        shown = console.get("/console/links" + path.format(id=link["id"]))
        assert shown.status_code == 200
        assert "<script>alert" not in shown.text


def test_whoever_only_reads_is_offered_no_change(client, merchant):
    link = new_link(client)
    scopes = ["payment_links:read"]
    key = made(client, "/v1/api-keys", name="reads", scopes=scopes)["key"]

    with signed_in(merchant.server.url, key) as reader:
        shown = reader.get(f"/console/links/{link['id']}").text

    assert "Summer sale" in shown
    assert "/switch" not in shown
    assert "/edit" not in shown


def test_a_new_link_asks_for_what_it_needs_and_shows_its_button_at_once(page, server):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server.url}/console/links/new")

    shown = page.locator(".form :is(input, textarea, select):visible")
    button = page.get_by_role("button", name="Create the link").bounding_box()

    names = [each.get_attribute("name") for each in shown.all()]
    assert names == ["amount", "currency", "name", "description"]
    assert button["y"] + button["height"] < 900


def test_what_is_wrong_below_the_fold_is_shown(console):
    fields = {"name": "Rice", "currency": "GHS", "amount": "10", "max_uses": "often"}

    wrong = console.post("/console/links/new", data=fields).text
    fresh = console.get("/console/links/new").text

    assert '<details class="raw" open><summary>More' in wrong
    assert '<details class="raw"><summary>More' in fresh


def test_the_address_of_a_link_is_copied_first_and_its_code_saved_as_a_picture(console, client):
    link = new_link(client)

    shown = console.get(f"/console/links/{link['id']}").text
    picture = console.get(f"/console/links/{link['id']}/qr.png")

    first = re.findall(r'<(?:a|button)[^>]* class="button first[^>]*>', shown.partition("<main")[2])
    assert [link["url"] in each for each in first] == [True]
    assert picture.headers["content-type"] == "image/png"
    assert "attachment" in picture.headers["content-disposition"]
    assert picture.content.startswith(b"\x89PNG")
    assert f"/console/links/{link['id']}/qr.png" in shown
