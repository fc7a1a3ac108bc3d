"""Tokens: the sizes, spaces, shapes and colours of the one look, as ``look.css`` names them."""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

from delivery.looks.accents import style_of

LOOK: Final = (files("delivery.looks") / "look.css").read_text("utf-8")
# Of what is sent and printed.
LETTER: Final = (files("delivery.looks") / "letter.css").read_text("utf-8")

_DARK: Final = "@media (prefers-color-scheme: dark)"
_NAMED: Final = re.compile(r"(--[a-z0-9-]+): ([^;]+);")
_USED: Final = re.compile(r"var\((--[a-z0-9-]+)\)")
_REM: Final = re.compile(r"([0-9]*\.?[0-9]+)rem")
_PIXELS_OF_A_REM: Final = 16


@lru_cache(maxsize=256)
def spelled_out(css: str, accent: str) -> tuple[str, str]:
    """A style without names, and what of it is otherwise in dark, in pixels: as mail is read."""
    (light, dark), (light_accent, dark_accent) = map(_schemes, (LOOK, style_of(accent)))
    in_light = light | light_accent
    in_dark = in_light | dark | dark_accent
    always, media, sometimes = _spelled_out(css, in_light).partition("@media")
    dark_css = _spelled_out(css.partition("@media print")[0], in_dark)
    return always + media + _important(sometimes), _important(dark_css)


def _important(css: str) -> str:
    """Goes before what stands where it counts."""
    return css.replace(";", " !important;")


def _schemes(css: str) -> tuple[dict[str, str], dict[str, str]]:
    light, _, dark = css.partition(_DARK)
    return dict(_NAMED.findall(light)), dict(_NAMED.findall(dark))


def _spelled_out(css: str, named: Mapping[str, str]) -> str:
    while _USED.search(css):
        css = _USED.sub(lambda used: named[used[1]], css)
    return _REM.sub(lambda size: f"{float(size[1]) * _PIXELS_OF_A_REM:g}px", css)
