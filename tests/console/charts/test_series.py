"""Series: as many parts as can be told apart, each with a figure for every bucket."""

import pytest

from console.charts.series import Part, Series


def test_a_bucket_adds_up_its_parts():
    api, links = Part(name="API", figures=(1, 2)), Part(name="Links", figures=(10, 20))

    assert Series(buckets=("May", "June"), parts=(api, links)).totals == (11, 22)


@pytest.mark.parametrize(("currency", "decimals"), [("GHS", 2), ("XOF", 0), ("KWD", 3), (None, 0)])
def test_figures_have_the_decimals_of_their_currency(currency, decimals):
    assert Series(buckets=(), parts=(), currency=currency).decimals == decimals


def test_six_parts_cannot_be_told_apart():
    with pytest.raises(ValueError, match="6 parts"):
        Series(buckets=(), parts=tuple(Part(name=str(n), figures=()) for n in range(6)))


def test_a_part_without_a_figure_for_a_bucket_is_refused():
    with pytest.raises(ValueError, match="each bucket"):
        Series(buckets=("May",), parts=(Part(name="API", figures=()),))
