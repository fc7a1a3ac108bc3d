"""Receipts as they are sent: legible in every reader of mail, and the same whenever they are."""

import re
from dataclasses import replace

import pytest

from delivery.receipts.letters import written
from delivery.receipts.receipt import Receipt

RECEIPT = Receipt(
    number="ZN1S-FXW2-SQX7",
    is_test=False,
    shop="Kente & Co",
    color="#7a1f3d",
    amount="GHS\N{NO-BREAK SPACE}1,250.50",
    paid_at="28 November 2026, 14:05 GMT",
    moment="2026-11-28T14:05:00+00:00",
    lines=[("For", "A dress"), ("Paid by", "Ama <b>\nama@example.com")],
    refunds=[("3 December 2026, 09:12 GMT", "GHS\N{NO-BREAK SPACE}250.50")],
)


def test_both_bodies_say_the_same():
    rendered = written(RECEIPT)

    assert rendered.subject == "Your receipt from Kente & Co (ZN1S-FXW2-SQX7)"
    assert rendered.text == (
        "Receipt ZN1S-FXW2-SQX7\n"
        "\n"
        "Paid: GHS\N{NO-BREAK SPACE}1,250.50\n"
        "On: 28 November 2026, 14:05 GMT\n"
        "To: Kente & Co\n"
        "For: A dress\n"
        "Paid by: Ama <b>, ama@example.com\n"
        "Refunded 3 December 2026, 09:12 GMT: GHS\N{NO-BREAK SPACE}250.50\n"
    )
    for said in ("Kente &amp; Co", "1,250.50", "A dress", "Ama &lt;b&gt;", "ZN1S-FXW2-SQX7"):
        assert said in rendered.html


def test_what_somebody_called_themselves_begins_no_line_of_the_text():
    named = "Ama\r\nPaid: GHS 1\u2028To: Me\nama@example.com"

    text = written(replace(RECEIPT, lines=[("Paid by", named)])).text

    [line] = [each for each in text.splitlines() if "ama@example.com" in each]
    assert line == "Paid by: Ama , Paid: GHS 1 To: Me, ama@example.com"


def test_it_is_the_same_whenever_it_is_sent_and_a_copy_says_so():
    assert written(RECEIPT) == written(RECEIPT)

    copy = written(RECEIPT, copy=True)
    assert copy.text.startswith("Receipt ZN1S-FXW2-SQX7 (copy)\n")
    assert re.sub(r" <span class=.badge.[^>]*>Copy</span>", "", copy.html) == written(RECEIPT).html


@pytest.mark.parametrize("color", ["#7a1f3d", "#f5c518", "#ffffff"])
def test_a_letter_fetches_nothing_and_uses_no_name_a_reader_of_mail_does_not_know(color):
    logo = "https://kente.example/logo.png"
    html = written(Receipt(**{**vars(RECEIPT), "color": color, "logo": logo})).html

    assert "var(" not in html
    assert not re.search(r"[0-9]rem\b", html)
    assert color in html
    assert "<script" not in html
    assert not re.search(r"(?:src|href|url\()\s*=?", html)
    assert len(html) < 20_000


def test_a_letter_looks_so_where_styles_are_dropped_and_is_dark_where_they_are_not():
    html = written(RECEIPT).html

    bare = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    assert re.search(r'class="sum" style="[^"]*font-size: 36px', bare)
    assert re.search(r'class="sheet" style="[^"]*max-width: 560px', bare)
    dark = html.partition("prefers-color-scheme: dark")[2].partition("</style>")[0]
    assert ";" in dark
    assert dark.count(";") == dark.count(" !important;")
