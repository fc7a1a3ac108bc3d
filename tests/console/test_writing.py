"""Writing: amounts, counts and moments on a page, as whoever reads it writes them."""

from datetime import UTC, datetime

import pytest

from console.writing import Writer, missing_decimals
from delivery.looks.readers import reader_of

NOW = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)
SPACE = "\N{NO-BREAK SPACE}"


def writer(accepts="en-GH", **chosen):
    return Writer(reader=reader_of(accepts), now=NOW, **chosen)


@pytest.mark.parametrize(
    ("accepts", "written"),
    [("en-GH", f"\N{MINUS SIGN}GHS{SPACE}1,250.50"), ("de", f"\N{MINUS SIGN}1.250,50{SPACE}GHS")],
)
def test_what_is_taken_away_has_a_minus_and_not_a_hyphen(accepts, written):
    assert writer(accepts).money(-125050, "GHS") == written


def test_an_amount_that_nobody_knows_is_no_zero():
    assert writer().money(None, "GHS") == writer().money(0, None) == writer().count(None) == "—"


@pytest.mark.parametrize(
    ("part", "written"),
    [(0.3125, "31.2%"), (1, "100%"), (0, "0%"), (0.25, "25.0%"), (-0.5, "\N{MINUS SIGN}50.0%")],
)
def test_a_share_has_one_decimal(part, written):
    assert writer().share(part) == written


@pytest.mark.parametrize(("part", "written"), [(0.256, "25%"), (0.999, "99%"), (1, "100%")])
def test_what_goes_on_is_told_in_whole_percent_and_is_done_when_it_is(part, written):
    assert writer().progress(part) == written


def test_a_change_says_its_direction():
    assert [writer().change(part) for part in (0.041, 0, -0.12)] == [
        "+4.1%",
        "0%",
        "\N{MINUS SIGN}12.0%",
    ]


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        ("2026-11-28T14:59:31Z", "just now"),
        ("2026-11-28T14:55:00Z", "5 min ago"),
        ("2026-11-28T11:30:00Z", "3 h ago"),
        ("2026-11-26T11:00:00Z", "2 d ago"),
        ("2026-11-20T23:30:00Z", "20 Nov"),
        ("2025-03-01T00:00:00Z", "1 Mar 2025"),
        ("2026-11-28T16:30:00Z", "in 1 h"),
        ("2026-11-30T16:00:00Z", "in 2 d"),
    ],
)
def test_a_moment_is_told_by_how_long_ago_it_was(moment, written):
    assert writer().shortly(moment) == written


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        ("2026-11-28T11:30:00Z", "11:30"),
        ("2026-11-27T23:30:00Z", "yesterday 23:30"),
        ("2026-11-26T11:00:00Z", "Thursday 11:00"),
        ("2026-11-29T11:00:00Z", "Sunday 11:00"),
        ("2026-11-20T23:30:00Z", "23:30"),
    ],
)
def test_beside_it_stands_the_day_and_the_time(moment, written):
    assert writer().at_the_clock(moment) == written
    assert writer(past=True).at_the_clock(moment) == moment[11:16]


def test_a_page_of_the_past_says_days_for_its_now_was_another():
    assert writer(past=True).shortly("2026-11-28T14:55:00Z") == "28 Nov"


def test_a_moment_is_written_by_the_clocks_of_the_zone():
    nairobi = writer(zone="Africa/Nairobi")

    assert nairobi.exactly("2026-11-28T23:05:09Z") == "29 November 2026, 02:05:09 EAT"
    assert nairobi.day("2026-11-28T23:05:09Z") == "29 November 2026"
    assert nairobi.clock("2026-11-28T23:05:09Z") == "02:05"


def test_a_zone_without_letters_says_how_far_it_is_from_utc():
    assert writer(zone="Asia/Kathmandu").exactly("2026-11-28T00:00:00Z").endswith("UTC+0545")


@pytest.mark.parametrize(("currency", "missing"), [("GHS", 0), ("XOF", 2), ("KWD", 0), ("QQQ", 0)])
def test_a_column_leaves_room_for_decimals_that_a_currency_has_not(currency, missing):
    assert missing_decimals(currency) == missing


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        ("2026-11-01T00:00:00Z", "End of 31 Oct"),
        ("2026-01-01T00:00:00Z", "End of 31 Dec 2025"),
        ("2026-11-28T12:00:00Z", "3 h ago"),
    ],
)
def test_a_midnight_that_is_looked_back_to_ends_the_day_before(moment, written):
    assert writer().shortly_looked_back_to(moment) == written
