"""Readers: amounts as they are written where somebody is, and moments where a shop is."""

import pytest

from delivery.looks.readers import moment_shown, reader_of

NARROW, SPACE = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("accepts", "written"),
    [
        ("en-GH,en;q=0.9", "GHS 1,234,250.50"),
        ("de-DE,de;q=0.9,en;q=0.8", "1.234.250,50 GHS"),
        ("fr-CI", f"1{NARROW}234{NARROW}250,50 GHS"),
        ("hi-IN", "GHS 12,34,250.50"),
        ("sw-KE", "GHS 1,234,250.50"),
        ("en;q=0.5, pt-BR", "GHS 1.234.250,50"),
        ("de-XX", "1.234.250,50 GHS"),
        ("tlh, xx-YY;q=0.9, de;q=0.1", "1.234.250,50 GHS"),
        (None, "GHS 1,234,250.50"),
        ("*", "GHS 1,234,250.50"),
        ("\x00;;q=,,../../etc/passwd", "GHS 1,234,250.50"),
        ("de;q=" + "9" * 5000, "1.234.250,50 GHS"),
    ],
)
def test_an_amount_is_written_as_its_reader_writes_it(accepts, written):
    assert reader_of(accepts).money(123425050, "GHS").replace(SPACE, " ") == written


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (1250, "JPY", "JPY 1,250"),
        (5, "XOF", "XOF 5"),
        (1234567, "KWD", "KWD 1,234.567"),
        (150050, "ISK", "ISK 150,050"),
        (150050, "TZS", "TZS 1,500.50"),
        (10**12, "GHS", "GHS 10,000,000,000.00"),
        (4000, "QQQ", "4,000 minor units of QQQ"),
    ],
)
def test_nothing_of_an_amount_is_rounded_or_made_up(amount, currency, written):
    assert reader_of("en").money(amount, currency).replace(SPACE, " ") == written


@pytest.mark.parametrize("accepts", ["en-GH", "de-DE", "fr-CI", "hi-IN", "en-IN"])
@pytest.mark.parametrize("currency", ["GHS", "KWD", "XOF"])
def test_a_figure_alone_is_written_as_beside_its_currency(accepts, currency):
    reader = reader_of(accepts)

    beside = reader.money(123425050, currency).replace(currency, "").strip(SPACE)
    assert reader.figure(123425050, currency) == beside


def test_a_moment_is_told_by_the_clocks_of_the_shop():
    moment = "2026-11-28T23:05:00Z"

    assert moment_shown(moment, "Africa/Accra") == "28 November 2026, 23:05\N{NO-BREAK SPACE}GMT"
    assert moment_shown(moment, "Africa/Nairobi") == "29 November 2026, 02:05\N{NO-BREAK SPACE}EAT"
    assert moment_shown(moment, None) == "28 November 2026, 23:05\N{NO-BREAK SPACE}UTC"
