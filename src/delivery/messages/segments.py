"""Segments: of how many parts a text message is sent, which is what it costs by."""

from typing import Final

# 3GPP TS 23.038; what is written with an escape before it takes two places.
_ONE_PLACE: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO_PLACES: Final = frozenset("\f^{}\\[~]|€")
_GSM: Final = (160, 153)
_UCS2: Final = (70, 67)
# One of these would double what the whole message costs.
_PLAINER: Final = str.maketrans(
    {
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{ZERO WIDTH SPACE}": "",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\t": " ",
    }
)


def plainer(text: str) -> str:
    """The same text with the quotation marks, dashes and spaces that every phone has."""
    return text.translate(_PLAINER)


def segments_of(text: str) -> int:
    """Of how many parts it is sent; of none, if it says nothing."""
    places = _places(text)
    one, each = _GSM if _is_gsm(text) else _UCS2
    if sum(places) <= one:
        return 1 if text else 0
    return _parts(places, each)


def _is_gsm(text: str) -> bool:
    return set(text) <= _ONE_PLACE | _TWO_PLACES


def _places(text: str) -> list[int]:
    if _is_gsm(text):
        return [2 if each in _TWO_PLACES else 1 for each in text]
    return [len(each.encode("utf-16-be", "surrogatepass")) // 2 for each in text]


def _parts(places: list[int], longest: int) -> int:
    """No character is parted: what does not fit into a part begins the next one."""
    parts, filled = 1, 0
    for taken in places:
        if filled + taken > longest:
            parts, filled = parts + 1, 0
        filled += taken
    return parts
