"""Searchable text: what is compared when somebody looks for a part of a text.

The case, the accents and the composition of letters do not matter, nor what nobody sees.
"""

import re
import unicodedata
from typing import Final

from domain.text import without_invisible

# Accents of letters and the vowel points of Hebrew and Arabic, which most people leave out. Other
# marks, as those of Indian scripts and of kana, make another letter of the one before.
_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u0655\u0670\u1ab0-\u1aff\u1dc0-\u1dff]+"
)
# Letters that have no accent to take off, as people write them on a keyboard without them.
_PLAIN: Final = str.maketrans(
    {
        "\u00e6": "ae",
        "\u00f0": "d",
        "\u00f8": "o",
        "\u00fe": "th",
        "\u0111": "d",
        "\u0127": "h",
        "\u0131": "i",
        "\u0142": "l",
        "\u014b": "n",
        "\u0153": "oe",
        "\u0167": "t",
        "\u0180": "b",
        "\u0188": "c",
        "\u0192": "f",
        "\u0199": "k",
        "\u01a5": "p",
        "\u01ad": "t",
        "\u01b4": "y",
        "\u01dd": "e",
        "\u0253": "b",
        "\u0254": "o",
        "\u0256": "d",
        "\u0257": "d",
        "\u0259": "e",
        "\u025b": "e",
        "\u0260": "g",
        "\u0263": "g",
        "\u0268": "i",
        "\u0269": "i",
        "\u026f": "u",
        "\u0272": "n",
        "\u0275": "o",
        "\u0289": "u",
        "\u028a": "u",
        "\u028b": "v",
        "\u0292": "z",
        "\ua78c": "'",
        "\u02bb": "'",
        "\u02bc": "'",
        "\u2018": "'",
        "\u2019": "'",
        "\u2010": "-",
        "\u2013": "-",
        "\u2014": "-",
    }
)


def searchable(text: str) -> str:
    """The text folded, as it is indexed and as it is asked for."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", without_invisible(text)).casefold()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", apart))
    return unicodedata.normalize("NFC", bare.translate(_PLAIN))
