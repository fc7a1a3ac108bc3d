"""Forms: what was typed into one, as the API takes it."""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from json import JSONDecoder
from typing import Any, Final

# More than these no number has that JSON can keep: it goes as it was typed.
_MOST_DIGITS: Final = 18
_WORD: Final = re.compile(r'[ \t]*"((?:[^"]|"")++)"[ \t]*(?=[,\r\n]|$)|([^,\r\n]+)')
_BREAKS: Final = re.compile(r"[\r\n]")
_HAS_TO_BE_QUOTED: Final = re.compile(r'^"|[,\r\n]')


def words_in(text: str) -> list[str]:
    """Each of them, on a line of its own or between commas; one with a comma is in quotes."""
    found = (
        quoted.replace('""', '"') if quoted else plain for quoted, plain in _WORD.findall(text)
    )
    return [word for word in map(str.strip, found) if word]


def words_as_text(words: Iterable[str]) -> str:
    """As `words_in` reads them."""
    return ", ".join(_quoted(word) if _HAS_TO_BE_QUOTED.search(word) else word for word in words)


def same_text(typed: str, written: str) -> bool:
    """Whether a field is as its page had it: browsers end lines in their own way."""
    return _lines(typed) == _lines(written)


def number_in(text: str) -> int | str | None:
    """A whole number; what is none is told as it was typed, for the API to refuse."""
    typed = text.strip()
    digits = typed.removeprefix("-")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return (int(typed) if is_number else typed) if typed else None


def pairs_in(text: str, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """``name: value``, one a line; what holds a colon or a line break is in quotes, as in JSON.

    What is as it was ``known`` stays of the kind it was.
    """
    known = known or {}
    found = dict(_pair_in(line.strip()) for line in _BREAKS.split(text) if line.strip())
    return {
        name: known[name] if name in known and value == _plain(known[name]) else value
        for name, value in found.items()
    }


def pairs_as_text(pairs: Mapping[str, Any]) -> str:
    """As `pairs_in` reads them."""
    return "\n".join(
        f"{_in_line(name, also=':')}: {_in_line(_plain(value))}" for name, value in pairs.items()
    )


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _pair_in(line: str) -> tuple[str, str]:
    quoted, rest = _quoted_in(line)
    if quoted is not None and rest.startswith(":"):
        name, rest = quoted, rest[1:]
    else:
        name, _, rest = line.partition(":")
        name = name.strip()
    value, after = _quoted_in(rest.strip())
    return name, rest.strip() if value is None or after else value


def _quoted_in(text: str) -> tuple[str | None, str]:
    """What stands in quotes at its beginning, and the rest."""
    if text.startswith('"'):
        with suppress(ValueError):
            found, end = JSONDecoder().raw_decode(text)
            return found, text[end:].strip()
    return None, text


def _in_line(text: str, also: str = "") -> str:
    is_plain = text == text.strip() and not _BREAKS.search(text)
    is_plain = is_plain and not text.startswith('"') and not (also and also in text)
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]
