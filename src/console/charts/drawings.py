"""Drawings: SVG of shares, sparklines, lines and stacked bars, coloured by ``console.css``.

Shapes stretch to whatever room a page has; words stand beside them as text, never in them. What
they say the caption and the table beside them say too, so readers of screens skip them.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from markupsafe import Markup

from console.charts.series import Series

_WIDE: Final = 1000
_HIGH: Final = 200
_SPARK: Final = (100, 24)
# A line has two.
_ENDS: Final = 2


def share_bar(shares: Sequence[float]) -> Markup:
    """One bar of fractions of 1, in the order of the colours; what is missing to 1 stays empty."""
    ends = list(accumulate(max(share, 0) * _WIDE for share in shares))
    return _svg(
        (_WIDE, 8),
        "share-bar",
        (
            _rect(end - start, 8, start, 0, f"fill{number}")
            for number, (start, end) in enumerate(zip([0.0, *ends], ends, strict=False), 1)
            if end > start
        ),
    )


def sparkline(figures: Sequence[int]) -> Markup:
    """How a figure moved, lowest to highest; nothing of fewer than two."""
    if len(figures) < _ENDS:
        return Markup()
    wide, high = _SPARK
    lowest = min(figures)
    span = (max(figures) - lowest) or 1
    points = [
        f"{_short(place * wide / (len(figures) - 1))},"
        f"{_short(high - 2 - (high - 4) * (figure - lowest) / span)}"
        for place, figure in enumerate(figures)
    ]
    line = Markup('<polyline points="{}"/>').format(" ".join(points))
    return _svg(_SPARK, "sparkline", [line])


def stacked_bars(series: Series) -> Markup:
    """A bar for each bucket, its parts one on the other from zero; negative parts hang below."""
    if not series.buckets:
        return Markup()
    stacks = [
        _stack([part.figures[bucket] for part in series.parts])
        for bucket in range(len(series.buckets))
    ]
    ends = [0, *(end for stack in stacks for slab in stack for end in slab)]
    lowest, highest = min(ends), max(ends)
    scale = _HIGH / ((highest - lowest) or 1)
    step = _WIDE / len(stacks)
    hues = series.hues
    bars = (
        _rect(
            step * 0.72,
            (top - foot) * scale,
            step * (bucket + 0.14),
            (highest - top) * scale,
            f"fill{hue}",
        )
        for bucket, stack in enumerate(stacks)
        for hue, (foot, top) in zip(hues, stack, strict=True)
        if top > foot
    )
    return _svg((_WIDE, _HIGH), "bars", [*_lines(highest * scale), *bars])


def lines(series: Series) -> Markup:
    """A line for each part, from bucket to bucket, with zero on the axis."""
    figures = [figure for part in series.parts for figure in part.figures]
    if len(series.buckets) < _ENDS:
        return stacked_bars(series)
    lowest, highest = min([0, *figures]), max([0, *figures])
    scale = _HIGH / ((highest - lowest) or 1)
    step = _WIDE / (len(series.buckets) - 1)
    drawn = (
        Markup('<polyline class="line{}" points="{}"/>').format(
            hue,
            " ".join(
                f"{_short(place * step)},{_short((highest - figure) * scale)}"
                for place, figure in enumerate(part.figures)
            ),
        )
        for hue, part in zip(series.hues, series.parts, strict=True)
    )
    return _svg((_WIDE, _HIGH), "lines", [*_lines(highest * scale), *drawn])


def _stack(figures: Sequence[int]) -> list[tuple[int, int]]:
    """The foot and the top of each figure's slab."""
    above, below = 0, 0
    slabs = []
    for figure in figures:
        foot = above if figure >= 0 else below
        slabs.append((min(foot, foot + figure), max(foot, foot + figure)))
        above, below = above + max(figure, 0), below + min(figure, 0)
    return slabs


def _lines(zero: float) -> list[Markup]:
    """The baseline, and two lines to measure by."""
    line = Markup('<path class="{}" d="M0 {}H{}"/>')
    return [
        *(line.format("grid", _short(zero * part), _WIDE) for part in (0, 0.5)),
        line.format("baseline", _short(zero), _WIDE),
    ]


def _rect(width: float, height: float, x: float, y: float, fill: str) -> Markup:
    """Of numbers and a name of ours: there is nothing to escape, and a chart has many."""
    return Markup(  # noqa: S704 (see above)
        f'<rect class="{fill}" x="{_short(x)}" y="{_short(y)}" '
        f'width="{_short(width)}" height="{_short(height)}"/>'
    )


def _svg(size: tuple[int, int], name: str, shapes: Iterable[Markup]) -> Markup:
    return Markup(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false">{}</svg>'
    ).format(name, *size, Markup().join(shapes))


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".") or "0"
