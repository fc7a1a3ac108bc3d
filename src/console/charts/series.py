"""Series: figures over time by their parts, as a chart draws them and its table tells them."""

from dataclasses import dataclass
from typing import Final

from domain.money import decimals, has_decimals

# As many as can be told apart: the fifth is "other".
MOST_PARTS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Part:
    """A name, and its figure in each bucket; amounts in minor units.

    ``hue``: which of the colours it has, on all charts of a page; None: that of its place.
    """

    name: str
    figures: tuple[int, ...]
    hue: int | None = None

    @property
    def sum(self) -> int:
        return sum(self.figures)


@dataclass(frozen=True, kw_only=True)
class Series:
    """``buckets``: what each is called; ``currency``: that of all figures, None of counts."""

    buckets: tuple[str, ...]
    parts: tuple[Part, ...]
    currency: str | None = None

    def __post_init__(self) -> None:
        if len(self.parts) > MOST_PARTS:
            raise ValueError(f"{len(self.parts)} parts: {MOST_PARTS} can be told apart")
        if any(len(part.figures) != len(self.buckets) for part in self.parts):
            raise ValueError("a part has a figure for each bucket")

    @property
    def totals(self) -> tuple[int, ...]:
        """Of all parts, by bucket."""
        return tuple(map(sum, zip(*(part.figures for part in self.parts), strict=True)))

    @property
    def rows(self) -> list[tuple[str, tuple[int, ...]]]:
        """Each bucket with its figures, of several parts with their total."""
        columns = [part.figures for part in self.parts]
        if len(columns) > 1:
            columns.append(self.totals)
        return list(zip(self.buckets, zip(*columns, strict=True), strict=True))

    @property
    def sums(self) -> list[int]:
        """Of all buckets, by part, of several parts with their total."""
        every = [part.sum for part in self.parts]
        return [*every, sum(every)] if len(every) > 1 else every

    @property
    def hues(self) -> list[int]:
        return [part.hue or place for place, part in enumerate(self.parts, 1)]

    @property
    def decimals(self) -> int:
        """How many of a figure's digits are decimals."""
        currency = self.currency
        return decimals(currency) if currency and has_decimals(currency) else 0
