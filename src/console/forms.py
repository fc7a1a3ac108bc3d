"""Forms: what was typed into one, as the API takes it, and what the API found wrong with it."""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from json import JSONDecoder
from typing import Any, Final

from api.http.errors import ApiError
from console.failures import problems_in
from console.wording import sentence_of

# More than these no number has that JSON can keep: it goes as it was typed.
_MOST_DIGITS: Final = 18
_WORD: Final = re.compile(r'[ \t]*"((?:[^"]|"")++)"[ \t]*(?=[,\r\n]|$)|([^,\r\n]+)')
_BREAKS: Final = re.compile(r"[\r\n]")
_HAS_TO_BE_QUOTED: Final = re.compile(r'^"|[,\r\n]')


class Problems:
    """What is wrong with the fields of a form, in words; nothing, until something is."""

    def __init__(self, error: ApiError | None = None, *, within: str = "") -> None:
        """``within``: what the whole form is a part of, in what was asked."""
        self._said: Mapping[str, str] = {}
        self.status = 200 if error is None else error.status
        if error is not None:
            self._said = {
                field.removeprefix(f"{within}."): said for field, said in _named(error).items()
            }

    def of(self, name: str) -> str:
        """Of a field, or of a part of it: ``events[0]`` is about ``events``."""
        for field, said in self._said.items():
            if field == name or field.startswith((f"{name}.", f"{name}[")):
                return said
        return ""

    def beside(self, *names: str) -> str:
        """What is about none of these fields."""
        rest = (
            said
            for field, said in self._said.items()
            if not any(
                field == name or field.startswith((f"{name}.", f"{name}[")) for name in names
            )
        )
        return " ".join(rest)

    def __bool__(self) -> bool:
        return bool(self._said)


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


def _named(error: ApiError) -> Mapping[str, str]:
    """A refusal by a rule of the domain names its field among the details."""
    field = (error.details or {}).get("field")
    said = problems_in(error)
    if set(said) == {""} and isinstance(field, str):
        reason = (error.details or {}).get("reason") or error.message
        return {field: sentence_of(str(reason))}
    return said
