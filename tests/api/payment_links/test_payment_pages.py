"""The page of a payment: its receipt, what will happen next, and who may see it."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from manual_clock import ManualClock
from structlog.testing import capture_logs

from ledger.errors import LedgerUnavailable

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

SUMMER = {"name": "Summer Sale", "amount": 9900, "currency": "GHS"}
KENTE = {"name": "Kente House", "country": "GH", "time_zone": "Africa/Accra"}
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "phone": "024 123 4567"}
WALLET = {"method": "mobile_money", "network": "mtn", "country": "GH"}
REFRESH = '<meta http-equiv="refresh"'


@pytest.fixture
def clock():
    """That of the servers a test starts; all others go by the machine's."""
    return ManualClock()


def link_of(client, **terms):
    client.patch("/v1/organization", json=KENTE)
    return client.post("/v1/payment-links", json=SUMMER | terms).json()


def pay(payer, link, **said):
    """The page that follows on the form, once it is sent."""
    return payer.post(f"/pay/{link['code']}", data=ADA | WALLET | said)


def read(page):
    """What a receipt says: what stands above its lines as well, under names of its own."""
    sheet = page.text.partition('<div class="sheet">')[2]
    above = re.findall(r'class="(shop|state|sum|when)">(?:<bdi>|<time[^>]*>)?([^<]+)', sheet)
    lines = re.findall(r'scope="row">([^<]+)</th><td class="said">(?:<bdi>)?([^<]+)', sheet)
    return {label: value.replace("\N{NO-BREAK SPACE}", " ") for label, value in above + lines}


@on_both_databases
def test_a_receipt_says_who_paid_whom_how_when_and_what_for(client, payer):
    asked = {"name": "size", "label": "Your size", "type": "select", "options": ["S", "L"]}
    link = link_of(client, custom_fields=[asked], reference="ORDER-7")

    page = payer.post(pay(payer, link, custom_size="L").url)

    [payment] = client.get("/v1/payments").json()
    receipt = read(page)
    assert re.fullmatch(r"\d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d GMT", receipt.pop("when"))
    assert re.search(r'<time datetime="20[-0-9]+T[:0-9]+\+00:00">', page.text)
    number = receipt["Receipt number"]
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}", number)
    assert payment["id"].upper().endswith(number.replace("-", ""))
    assert receipt == {
        "sum": "GHS 99.00",
        "shop": "Kente House",
        "state": "Paid ",
        "For": "Summer Sale",
        "Paid by": "Ada Lovelace\nada@example.com",
        "Paid with": "Mobile money · MTN · •••• 4567",
        "Your size": "L",
        "Reference": "ORDER-7",
        "Receipt number": number,
        "Mode": "Test: no money moved",
    }


@on_both_databases
def test_the_number_of_a_receipt_finds_its_payment_however_it_is_typed(client, payer):
    link = link_of(client, amount=4000)
    numbers = [read(pay(payer, link))["Receipt number"] for _ in range(2)]
    typed = [
        write(number)
        for number in numbers
        for write in (
            str,
            str.lower,
            lambda number: number.replace("-", ""),
            lambda number: f" {number.replace('-', ' ')} ",
            lambda number: number.replace("-", "\N{EN DASH}"),
            lambda number: number.replace("0", "O").replace("1", "l"),
        )
    ]

    found = [client.get("/v1/payments", params={"search": each}).json() for each in typed]

    newest, first = (each["id"] for each in client.get("/v1/payments").json())
    assert [[each["id"] for each in one] for one in found] == [[first]] * 6 + [[newest]] * 6


@on_both_databases
def test_what_was_given_back_stands_on_the_receipt(client, payer):
    page = pay(payer, link_of(client, amount=4000))
    [payment] = client.get("/v1/payments").json()
    told = []

    for amount in (1500, None):
        client.post(f"/v1/payments/{payment['id']}/refund", json={"amount": amount})
        told.append(payer.get(page.url))

    refunds = [re.findall("\N{MINUS SIGN}GHS.([0-9.]+)<br>", each.text) for each in told]
    assert refunds == [["15.00"], ["15.00", "25.00"]]
    assert "Paid, and refunded in part." in told[0].text
    assert "Paid, and refunded." in told[1].text


@pytest.mark.parametrize(
    ("becomes", "words"),
    [("cancel", "This payment was canceled"), ("expire", "This payment has expired")],
)
def test_a_payment_that_came_to_nothing_says_so_in_words(client, payer, becomes, words):
    page = pay(payer, link_of(client))
    [payment] = client.get("/v1/payments").json()

    client.post(f"/v1/payments/{payment['id']}/{becomes}", json={})

    told = payer.get(page.url).text
    assert words in told
    assert "Nothing was taken." in told
    assert "Try again" in told


def test_what_somebody_reads_is_written_as_they_write(client, payer):
    payer.headers["Accept-Language"] = "de-DE,de;q=0.9"
    link = link_of(client, amount=125050)

    form, page = payer.get(f"/pay/{link['code']}"), pay(payer, link)

    assert "Pay 1.250,50\N{NO-BREAK SPACE}GHS" in form.text
    assert "Confirm 1.250,50\N{NO-BREAK SPACE}GHS" in page.text


@on_both_databases
def test_a_link_in_live_mode_says_what_will_happen_and_what_has_not(merchant, payer):
    with merchant.client(merchant.founded.keys["live"]) as live:
        link = link_of(live)
        form, page = payer.get(f"/pay/{link['code']}"), pay(payer, link)
        [payment] = live.get("/v1/payments").json()
        live.post(f"/v1/payments/{payment['id']}/confirm")

    assert "No money moves on this page. Kente House" in form.text
    assert "Waiting for the payment" in page.text
    assert "none was taken here" in page.text
    assert "Test mode" not in form.text + page.text
    assert REFRESH in page.text
    paid = payer.get(page.url)
    assert "Paid. Thank you." in paid.text
    assert "Mode" not in read(paid)
    assert REFRESH not in form.text + paid.text


def test_a_page_that_is_left_open_looks_more_and_more_seldom(clock, new_server):
    server = new_server()
    began, looks = clock.now, []
    with (
        httpx.Client(base_url=server.url, timeout=30) as client,
        httpx.Client(base_url=server.url, follow_redirects=True, timeout=30) as payer,
    ):
        client.headers["X-Reevit-Key"] = server.found("Ama").keys["live"]
        page = pay(payer, link_of(client))
        for age in (timedelta(), timedelta(hours=1), timedelta(days=3)):
            clock.now = began + age
            looks += re.findall(REFRESH + ' content="([0-9]+)">', payer.get(page.url).text)

    assert looks == ["20", "180", "600"]


@on_both_databases
def test_no_address_of_a_pay_page_holds_a_secret(client, payer):
    link = link_of(client)

    page = pay(payer, link)
    paid = payer.post(page.url)

    [payment] = client.get("/v1/payments").json()
    for answer in (*page.history, page, *paid.history, paid):
        assert "secret" not in str(answer.url)
        assert "secret" not in answer.headers.get("Location", "")
        assert "_secret_" not in answer.text
    assert urlsplit(str(paid.url)).path == f"/pay/{link['code']}/payments/{payment['id']}"
    assert '<meta name="referrer" content="same-origin">' in paid.text
    [cookie] = page.history[0].headers.get_list("Set-Cookie")
    assert {"HttpOnly", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Path" not in cookie


@on_both_databases
def test_another_browser_is_shown_nothing_of_a_payment(client, payer, stranger):
    page = pay(payer, link_of(client))

    for method in ("GET", "POST"):
        refused = stranger.request(method, str(page.url))
        assert refused.status_code == 404
        assert "This payment cannot be shown" in refused.text
        assert "ada@example.com" not in refused.text
    [payment] = client.get("/v1/payments").json()
    assert payment["status"] == "pending"


@on_both_databases
def test_whoever_comes_back_is_told_what_they_have_paid(client, payer):
    link = link_of(client, amount=4000)
    page = pay(payer, link)

    back = payer.get(f"/pay/{link['code']}")
    other = payer.get(f"/pay/{link_of(client)['code']}")

    assert "You have paid GHS\N{NO-BREAK SPACE}40.00 here before" in back.text
    assert urlsplit(str(page.url)).path.removeprefix("/pay/") in back.text
    assert "Pay GHS\N{NO-BREAK SPACE}40.00 again" in back.text
    assert "here before" not in other.text


def test_whoever_used_a_link_up_is_led_to_their_receipt(client, payer, stranger):
    link = link_of(client, amount=4000, max_uses=1)
    page = pay(payer, link)

    mine, others = (each.get(f"/pay/{link['code']}") for each in (payer, stranger))

    assert (mine.status_code, others.status_code) == (410, 410)
    assert urlsplit(str(page.url)).path.removeprefix("/pay/") in mine.text
    assert "See what you have paid" not in others.text


def test_a_browser_keeps_its_latest_payments_and_sends_no_endless_headers(client, payer):
    link = link_of(client, amount=4000)

    pages = [pay(payer, link, name=f"Ada {number}") for number in range(12)]

    assert len(payer.cookies.jar) == 10
    assert payer.get(pages[1].url).status_code == 404
    assert "Ada 11" in payer.get(pages[11].url).text


def test_a_closed_link_says_whose_it_was(client, payer):
    link = link_of(client)
    client.patch(f"/v1/payment-links/{link['id']}", json={"active": False})

    page = payer.get(f"/pay/{link['code']}")

    assert page.status_code == 410
    for words in ("This link is switched off", "Kente House", "Summer Sale"):
        assert words in page.text


def test_a_link_that_has_ended_says_when_by_the_clocks_of_the_shop(clock, new_server):
    server = new_server()
    with httpx.Client(
        base_url=server.url, headers={"X-Reevit-Key": server.found("Ama").keys["test"]}, timeout=30
    ) as client:
        link = link_of(client, expires_at="2126-12-03T10:00:00Z")
        clock.now = datetime(2126, 12, 4, tzinfo=UTC)

        page = client.get(f"/pay/{link['code']}")

    assert page.status_code == 410
    assert "This link has ended" in page.text
    assert "It ended on 3 December 2126, 10:00\N{NO-BREAK SPACE}GMT." in page.text


def test_a_failure_of_ours_is_a_page_too_and_is_noted_like_any_other(new_server, monkeypatch):
    server = new_server()
    said = httpx.Client(base_url=server.url, timeout=30)
    said.headers["X-Reevit-Key"] = server.found("Ama").keys["test"]
    link = link_of(said)
    failures = iter((LedgerUnavailable("away"), RuntimeError("a fault")))

    async def fails(*_args, **_named):
        raise next(failures)

    monkeypatch.setattr(server.parts.handler, "handle", fails)
    with capture_logs() as log:
        away, fault = (said.get(f"/pay/{link['code']}") for _ in range(2))

    assert (away.status_code, fault.status_code) == (503, 500)
    assert away.headers["Retry-After"]
    for page in (away, fault):
        assert page.headers["Content-Type"].startswith("text/html")
        assert "We cannot answer right now" in page.text
        assert "Internal" not in page.text
    events = [each["event"] for each in log]
    assert [each for each in events if each != "request"] == ["unavailable", "request_failed"]
    said.close()


def test_the_end_page_is_the_receipt_in_the_look_of_the_link(client, payer):
    logo = "https://kente.example/logo.png"
    link = link_of(client, branding={"color": "#123456", "logo_url": logo})
    receipt = payer.post(pay(payer, link).url)

    assert "Kente House" in receipt.text
    assert "--accent: #123456" in receipt.text
    assert f'<img class="logo" src="{logo}"' in receipt.text
    assert "img-src https:" in receipt.headers["content-security-policy"]
    assert "ada@example.com" in receipt.text
    stranger = httpx.get(receipt.url)
    assert stranger.status_code == 404
    assert "ada@example.com" not in stranger.text


def test_what_a_payer_loads_first_is_small(client, payer):
    client.patch("/v1/organization", json=KENTE)
    link = client.post("/v1/payment-links", json=SUMMER).json()

    with payer.stream("GET", f"/pay/{link['code']}") as packed:
        sent = sum(map(len, packed.iter_raw()))
    plain = payer.get(f"/pay/{link['code']}", headers={"Accept-Encoding": "identity"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert sent < 16_000
    # All of it is in the page: whoever has that, has everything.
    assert not re.search(r"(?:src|href)=", plain.text)
