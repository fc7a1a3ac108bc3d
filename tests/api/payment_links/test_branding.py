"""The branding of a link: the names that it has, and what was stored when it could have any."""

import asyncio
from datetime import UTC, datetime

import pytest

from commands.handling.handler import Context
from commands.link_codes import CODE
from domain.payment_link import PaymentLink

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

SUMMER = {"name": "Summer Sale", "amount": 9900, "currency": "GHS"}
LOGO = "https://shop.example/logo.png"


@on_both_databases
def test_a_link_has_a_colour_and_a_logo(client, stranger):
    branding = {"color": "#123456", "logo_url": LOGO}
    link = client.post("/v1/payment-links", json=SUMMER | {"branding": branding}).json()
    path = f"/v1/payment-links/{link['id']}"

    plain = client.patch(path, json={"branding": {"color": None, "logo_url": ""}}).json()

    assert link["branding"] == branding
    assert plain["branding"] == {}
    assert stranger.get(f"/v1/pay/{link['code']}").json()["branding"] == {}


@pytest.mark.parametrize(
    ("branding", "field"),
    [
        ({"primary_color": "#123456"}, "branding.primary_color"),
        ({"color": "red;}body{display:none"}, "branding.color"),
        ({"logo_url": "javascript:alert(1)"}, "branding.logo_url"),
        ({"logo_url": "http://shop.example/logo.png"}, "branding.logo_url"),
        ("blue", "branding"),
    ],
)
def test_what_a_page_would_not_show_is_refused_by_its_name(client, branding, field):
    link = client.post("/v1/payment-links", json=SUMMER).json()

    created = client.post("/v1/payment-links", json=SUMMER | {"branding": branding})
    changed = client.patch(f"/v1/payment-links/{link['id']}", json={"branding": branding})

    assert (created.status_code, changed.status_code) == (400, 400)
    assert created.json()["details"]["field"] == field
    assert changed.json()["details"]["field"] == field


def test_an_empty_object_of_php_is_no_branding(client):
    link = client.post("/v1/payment-links", json=SUMMER | {"branding": []})

    assert link.json()["branding"] == {}


@on_both_databases
def test_what_was_stored_when_any_name_was_taken_is_read_and_changes_no_page(
    client, merchant, stranger
):
    stored = {"color": "red;}body{display:none", "logo_url": "javascript:alert(1)", "font": 7}
    terms = client.post("/v1/payment-links", json=SUMMER).json() | {"branding": stored}
    link_id = _link_of_before(merchant, terms)

    link = client.get(f"/v1/payment-links/{link_id}").json()
    renamed = client.patch(f"/v1/payment-links/{link_id}", json={"name": "Winter Sale"})
    page = stranger.get(link["url"])

    assert link["branding"] == stored
    assert renamed.json()["branding"] == stored
    assert "display:none" not in page.text
    assert "<img" not in page.text


def _link_of_before(merchant, terms):
    """As a release wrote it that kept whatever was sent."""

    async def create(work):
        names = PaymentLink.create.__annotations__["terms"].__annotations__
        link = PaymentLink.create(
            work.ids.new("pl"),
            code="lnk_of_before",
            terms={name: terms[name] for name in names if name in terms},
            now=datetime.now(UTC),
        )
        work.add(link)
        work.claim(CODE, link.code, link.id)
        return link.id

    handler = merchant.server.parts.handler
    made = handler.perform(merchant.book, create, context=Context())
    return asyncio.run_coroutine_threadsafe(made, merchant.server.loop).result(timeout=20)
