"""Accents: a colour somebody chose, and what is needed so that it is legible wherever it stands.

Contrast is that of WCAG 2: 4.5 is enough for text.
"""

from typing import Final

OURS: Final = "#0b6b63"

_BLACK, _WHITE = "#000000", "#ffffff"
# Of what text in the accent stands on, what leaves it least: `--page` in light, `--raised` in dark.
_LIGHT_SURFACE, _DARK_SURFACE = "#f6f7f9", "#222831"
_LEGIBLE: Final = 4.5
_STEPS: Final = 50


def style_of(accent: str) -> str:
    """The accent's custom properties; ``accent`` is #rrggbb.

    ``--accent`` is the colour as it was chosen, to write on in ``--on-accent``; ``--accent-text``
    is as near to it as can be read on our surfaces.
    """
    return (
        f":root {{ --accent: {accent}; --on-accent: {legible_on(accent)}; "
        f"--accent-text: {_towards(_BLACK, accent, _LIGHT_SURFACE)}; }}\n"
        "@media (prefers-color-scheme: dark) { "
        f":root {{ --accent-text: {_towards(_WHITE, accent, _DARK_SURFACE)}; }} }}\n"
    )


def legible_on(color: str) -> str:
    """White where it can be read, else black, which then can."""
    return _WHITE if contrast(_WHITE, color) >= _LEGIBLE else _BLACK


def contrast(one: str, other: str) -> float:
    """From 1, of a colour with itself, to 21, of black and white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _towards(end: str, color: str, surface: str) -> str:
    """The first colour on the way to an end that can be read on a surface."""
    ways = (_mixed(color, end, step / _STEPS) for step in range(_STEPS))
    return next((each for each in ways if contrast(each, surface) >= _LEGIBLE), end)


def _mixed(color: str, end: str, share: float) -> str:
    pairs = zip(_channels(color), _channels(end), strict=True)
    return "#" + "".join(f"{round(one + (other - one) * share):02x}" for one, other in pairs)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 (sRGB)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
