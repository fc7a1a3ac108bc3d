"""Accents: whatever colour a merchant has chosen, what is written on it and in it can be read."""

import re

import pytest

from delivery.looks.accents import OURS, contrast, legible_on, style_of
from delivery.looks.tokens import LOOK

COLOURS = [OURS, "#ffffff", "#000000", "#f5c518", "#7a1f3d", "#777777", "#ff0000", "#00ff00"]


def schemes():
    """The named colours in light and in dark, each as it comes out."""
    light, dark = LOOK.split("@media (prefers-color-scheme: dark)")
    named = dict(re.findall(r"(--[a-z0-9-]+): ([^;]+);", light))
    for each in (named, named | dict(re.findall(r"(--[a-z0-9-]+): ([^;]+);", dark))):
        yield {name: followed(each, value) for name, value in each.items()}


def followed(named, value):
    name = re.fullmatch(r"var\((.+)\)", value)
    return followed(named, named[name[1]]) if name else value


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("colour", COLOURS)
def test_what_is_written_on_an_accent_can_be_read(colour):
    assert contrast(legible_on(colour), colour) >= 4.5


@pytest.mark.parametrize("colour", COLOURS)
def test_what_is_written_in_an_accent_can_be_read_on_every_surface(colour):
    in_light, in_dark = re.findall(r"--accent-text: (#[0-9a-f]{6})", style_of(colour))

    for written, scheme in zip((in_light, in_dark), schemes(), strict=True):
        for surface in ("--page", "--surface", "--raised", "--field"):
            assert contrast(written, scheme[surface]) >= 4.5


def test_an_accent_that_can_be_read_is_left_as_it_is():
    assert "--accent-text: #7a1f3d" in style_of("#7a1f3d")


def test_every_text_can_be_read_on_what_it_stands_on():
    for scheme in schemes():
        for surface in ("--page", "--surface", "--raised", "--field"):
            assert contrast(scheme["--text"], scheme[surface]) >= 7
            assert contrast(scheme["--quiet"], scheme[surface]) >= 4.5
            assert contrast(scheme["--field-line"], scheme[surface]) >= 3
        for state in ("red", "green", "amber"):
            assert contrast(scheme[f"--{state}"], scheme[f"--{state}-soft"]) >= 4.5
            assert contrast(scheme[f"--{state}"], scheme["--surface"]) >= 4.5
