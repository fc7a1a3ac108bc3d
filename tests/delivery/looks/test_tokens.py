"""Tokens: every colour of the one look can be told from what it stands on, in light and in dark."""

import re

import pytest

from delivery.looks.accents import contrast
from delivery.looks.tokens import LOOK

LIGHT, DARK = LOOK.split("@media (prefers-color-scheme: dark)")
SCHEMES = {"light": LIGHT, "dark": LIGHT + DARK}


def tokens(scheme):
    named = dict(re.findall(r"(--[a-z0-9-]+): ([^;]+);", SCHEMES[scheme]))
    return {name: named.get(value[4:-1], value) for name, value in named.items()}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("surface", ["--page", "--surface"])
@pytest.mark.parametrize("text", ["--text", "--quiet", "--red", "--green", "--amber"])
def test_text_can_be_read_on_every_surface(scheme, surface, text):
    known = tokens(scheme)

    assert contrast(known[text], known[surface]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("tone", ["red", "green", "amber"])
def test_a_state_can_be_read_on_its_own_soft_colour(scheme, tone):
    known = tokens(scheme)

    assert contrast(known[f"--{tone}"], known[f"--{tone}-soft"]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("number", range(1, 6))
def test_a_series_of_a_chart_can_be_seen(scheme, number):
    known = tokens(scheme)

    assert contrast(known[f"--series{number}"], known["--surface"]) >= 3


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("number", range(1, 4))
def test_the_first_series_are_told_apart_in_grey_from_what_lies_on_them(scheme, number):
    known = tokens(scheme)

    lower, upper = (known[f"--series{each}"] for each in (number, number + 1))
    assert contrast(lower, upper) >= 1.5
