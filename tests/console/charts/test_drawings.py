"""Drawings: what they draw adds up to what they were given."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.charts.drawings import lines, share_bar, sparkline, stacked_bars
from console.charts.series import Part, Series

FIGURES = st.integers(-(10**15), 10**15)


def series(*figures, currency="GHS"):
    buckets = tuple(f"day {number}" for number in range(len(figures[0])))
    parts = tuple(Part(name=f"part {n}", figures=tuple(each)) for n, each in enumerate(figures))
    return Series(buckets=buckets, parts=parts, currency=currency)


def rectangles(svg):
    found = re.findall(r'<rect class="(\w+)" x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"', svg)
    return [(fill, *map(float, numbers)) for fill, *numbers in found]


def test_shares_stand_beside_each_other_and_fill_the_bar():
    drawn = rectangles(share_bar([0.5, 0.25, 0.25]))

    assert drawn == [
        ("fill1", 0, 0, 500, 8),
        ("fill2", 500, 0, 250, 8),
        ("fill3", 750, 0, 250, 8),
    ]


def test_a_source_that_brought_nothing_keeps_its_colour_for_itself():
    assert [fill for fill, *_ in rectangles(share_bar([0.5, 0, 0.5]))] == ["fill1", "fill3"]


def test_no_shares_are_an_empty_bar():
    assert rectangles(share_bar([0, 0, 0])) == []


def test_bars_stand_on_zero_and_on_each_other():
    drawn = rectangles(stacked_bars(series([100], [300])))

    assert drawn == [("fill1", 140, 150, 720, 50), ("fill2", 140, 0, 720, 150)]


def test_what_is_below_zero_hangs_below_it():
    drawn = rectangles(stacked_bars(series([100], [-100])))

    assert [(y, height) for _, _, y, _, height in drawn] == [(0, 100), (100, 100)]


@given(st.lists(st.lists(FIGURES, min_size=3, max_size=3), min_size=1, max_size=5))
def test_a_drawing_stays_in_its_frame(figures):
    for _, x, y, width, height in rectangles(stacked_bars(series(*figures))):
        assert x >= 0
        assert y >= 0
        assert x + width <= 1000
        assert y + height <= 200.02


@given(st.lists(FIGURES, min_size=2, max_size=40))
def test_a_line_stays_in_its_frame(figures):
    points = re.search(r'points="([^"]*)"', lines(series(figures))).group(1)

    heights = [float(point.split(",")[1]) for point in points.split()]
    assert len(heights) == len(figures)
    assert all(-0.01 <= height <= 200.01 for height in heights)


@pytest.mark.parametrize("figures", [[], [5]])
def test_one_figure_makes_no_line(figures):
    assert sparkline(figures) == ""


def test_a_figure_that_never_moved_is_a_level_line():
    assert 'points="0,22 100,22"' in sparkline([7, 7])


@pytest.mark.parametrize(
    "drawn", [share_bar([1]), sparkline([1, 2]), stacked_bars(series([1])), lines(series([1, 2]))]
)
def test_a_drawing_is_for_the_eye_alone_and_has_no_style_of_its_own(drawn):
    assert 'aria-hidden="true"' in drawn
    assert "style" not in drawn
