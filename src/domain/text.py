"""Text as people type and paste it: how it is kept, and what there is to see of it."""

import re
import unicodedata
from typing import Final

# What Unicode calls default ignorable (DerivedCoreProperties.txt), and the control characters
# that are no blanks. Not the whole category Cf: some signs of that are seen.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
# What clings to the ends of a text that is pasted. A variation selector there is part of an emoji.
_PADDING: Final = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff" + "".join(
    map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
)


def tidied(text: str) -> str:
    """As it is kept: composed (NFC), and without blanks and invisible characters around it."""
    before, tidy = None, unicodedata.normalize("NFC", text)
    while before != tidy:
        before, tidy = tidy, tidy.strip().strip(_PADDING)
    return tidy


def seen(text: str) -> str:
    """What there is to see of it: two texts that nobody can tell apart are one by this.

    Composed (NFC), trimmed, without invisible characters: the zero-width joiner is one, though an
    emoji may be drawn otherwise without it.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    return unicodedata.normalize("NFC", without_invisible(text)).strip()


def without_invisible(text: str) -> str:
    return _INVISIBLE.sub("", text)
