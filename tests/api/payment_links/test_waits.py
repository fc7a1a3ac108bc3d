"""The wait for somebody who approves on their phone, and whatever comes of it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import httpx
import pytest
from manual_clock import ManualClock

from api.payment_links.failure_words import WORDS
from api.payment_links.waits import wait_for
from domain.payment_types import Status

PAGE = (Path(__file__).parents[3] / "docs/pay-pages.md").read_text("utf-8")

KENTE = {"name": "Kente House", "country": "GH", "time_zone": "Africa/Accra"}
SUMMER = {"name": "Summer Sale", "amount": 9900, "currency": "GHS"}
WALLET = {"method": "mobile_money", "phone": "024 123 4567", "country": "GH"}
RENEWED = re.compile(r'<noscript><meta http-equiv="refresh" content="([0-9]+)"></noscript>')
NOW = datetime(2026, 11, 28, 14, 5, tzinfo=UTC)


@pytest.fixture
def clock():
    """That of the servers a test starts; all others go by the machine's."""
    return ManualClock()


def begin(client, payer, *, terms=SUMMER, **said):
    """The page of a payment that was begun, and its id."""
    client.patch("/v1/organization", json=KENTE)
    link = client.post("/v1/payment-links", json=terms).json()
    page = payer.post(f"/pay/{link['code']}", data=WALLET | said)
    return page, client.get("/v1/payments").json()[0]["id"]


def words(page):
    """What stands on it, on one line."""
    text = re.sub(r"<(style|script)>.*?</\1>|<[^>]+>", " ", page.text, flags=re.DOTALL)
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def test_whoever_pays_by_phone_is_told_where_to_approve_and_what_to_do_if_nothing_comes(
    client, payer
):
    page, _ = begin(client, payer)

    told = words(page)
    assert "Approve on your phone MTN asks you for GHS 99.00 on •••• 4567 ." in told
    assert "About 3 minutes left" in told
    assert "No request on your phone?" in told
    assert "024 123" not in told
    assert "Use another number, or another way to pay." in told
    assert RENEWED.search(page.text)[1] == "5"
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"]


def test_a_wait_that_is_over_says_so_and_goes_on_looking_more_seldom(clock, new_server):
    server = new_server()
    with (
        httpx.Client(base_url=server.url, timeout=30) as client,
        httpx.Client(base_url=server.url, follow_redirects=True, timeout=30) as payer,
    ):
        client.headers["X-Reevit-Key"] = server.found("Ama").keys["test"]
        page, _ = begin(client, payer)
        clock.now += timedelta(minutes=2)
        going_on = payer.get(page.url)
        clock.now += timedelta(minutes=2)
        over = payer.get(page.url)
        clock.now += timedelta(hours=1)
        late = payer.get(page.url)

    assert "No answer yet" in words(over)
    assert "your receipt is here as soon as the money is" in words(over)
    renewed = [RENEWED.search(each.text)[1] for each in (page, going_on, over, late)]
    assert renewed == ["5", "10", "20", "192"]
    assert [state(each) for each in (page, over)] == ["pending", "pending-over"]


def state(page):
    """By which a script tells whether there is something else to show."""
    return re.search(r'<main[^>]* data-state="([^"]+)"', page.text)[1]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        ({"code": "insufficient_funds", "message": "E51"}, "not enough money in the account"),
        ({"code": "payer_declined", "message": "E17"}, "It was declined on the phone."),
        ({"code": "provider_timeout", "message": "E99"}, "No answer came in time."),
        ({"code": "odd", "message": "the moon is full"}, "The reason: the moon is full."),
        ({}, "Use another number, or another way to pay."),
    ],
)
def test_why_it_was_not_paid_is_said_as_people_say_it(client, payer, failure, told):
    page, payment = begin(client, payer)

    client.post(f"/v1/payments/{payment}/fail", json=failure)

    page = payer.get(page.url)
    assert "The payment was not made" in words(page)
    assert told in words(page)
    assert "Nothing was taken." in words(page)
    assert not re.search("E51|E17|E99|payment_failed", words(page))
    assert not RENEWED.search(page.text)


def test_money_that_comes_after_all_leads_to_the_receipt(client, payer):
    page, payment = begin(client, payer)
    client.post(f"/v1/payments/{payment}/expire")
    expired = payer.get(page.url)

    client.post(f"/v1/payments/{payment}/confirm", json={"provider_ref_id": "mtn-1"})

    paid = payer.get(page.url)
    assert "It was not approved in time." in words(expired)
    assert "Paid. Thank you." in words(paid)
    assert [state(each) for each in (expired, paid)] == ["expired", "succeeded"]


def test_whoever_tries_again_finds_what_they_typed_and_changes_what_was_wrong(client, payer):
    asked = [{"name": "size", "label": "Size", "type": "select", "options": ["S", "L"]}]
    terms = {"name": "Gift", "currency": "GHS", "allow_custom_amount": True, "custom_fields": asked}
    said = {"amount": "40.02", "email": "ada@example.com", "custom_size": "L"}
    page, _ = begin(client, payer, terms=terms, **said)

    again = payer.get(page.url.join(re.search(r'href="(\.\./[^"]+)"', page.text)[1])).text

    for typed in ("40.02", "ada@example.com", "+233241234567"):
        assert f'value="{typed}"' in again
    assert re.search(r'value="mtn" checked', again)
    assert re.search(r"<option selected>L</option>", again)
    assert "GHS\N{NO-BREAK SPACE}40.02 here before" not in again


def test_another_browser_finds_nothing_of_what_somebody_typed(client, payer, stranger):
    page, _ = begin(client, payer, email="ada@example.com")
    form = page.url.join(re.search(r'href="(\.\./[^"]+)"', page.text)[1])

    assert "ada@example.com" in payer.get(form).text
    assert "ada@example.com" not in stranger.get(str(form)).text


def test_what_asks_somebody_in_live_mode_is_a_provider_which_says_until_when():
    payment = {"method": "mobile_money", "next_action": None}
    payment |= dict.fromkeys(("created_at", "updated_at"), NOW.isoformat())
    payer = {"phone": "+233241234567", "network": "mtn"}
    until, odd = (NOW + timedelta(seconds=90)).isoformat(), {"expires_at": 7}
    statuses = ("pending", "processing", "succeeded")

    def wait(now=NOW, **said):
        return wait_for(payment | said, payer, now, is_test=False)

    pending, processing, paid = (wait(status=each) for each in statuses)
    asked = wait(status="requires_action", next_action={"expires_at": until})
    later = wait(NOW + timedelta(minutes=2), status="requires_action", next_action=odd)
    assert (pending.asked, processing.asked, paid) == (False, True, None)
    assert (processing.seconds, asked.seconds, later.seconds) == (180, 90, 60)
    assert (pending.number, pending.network) == ("••••\N{NO-BREAK SPACE}4567", "MTN")
    assert (later.minutes, later.is_over) == ("About 1 minute left", False)
    assert not wait(status="processing", method="card").asked


def test_the_page_about_pay_pages_knows_every_status_and_every_code_that_has_words():
    paid = {"succeeded", "refunded", "partially_refunded", "disputed"}

    assert {status for status in get_args(Status) if f"`{status}`" not in PAGE} == paid
    for code in WORDS:
        assert f"`{code}`" in PAGE
