"""Forms: what was typed into one, as the API takes it, and what the API found wrong with it."""

from collections.abc import Mapping
from typing import Any, Final

from api.http.errors import ApiError
from console.failures import problems_in
from console.wording import sentence_of

# More than these no number has that JSON can keep: it goes as it was typed.
_MOST_DIGITS: Final = 18


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
    """Each of them, on a line of its own or between commas."""
    return [word for line in text.splitlines() for word in map(str.strip, line.split(",")) if word]


def number_in(text: str) -> int | str | None:
    """A whole number; what is none is told as it was typed, for the API to refuse."""
    typed = text.strip()
    digits = typed.removeprefix("-")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return (int(typed) if is_number else typed) if typed else None


def pairs_in(text: str) -> dict[str, Any]:
    """``name: value``, one a line."""
    found = (line.partition(":") for line in text.splitlines() if line.strip())
    return {name.strip(): value.strip() for name, _, value in found}


def pairs_as_text(pairs: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in pairs.items())


def _named(error: ApiError) -> Mapping[str, str]:
    """A refusal by a rule of the domain names its field among the details."""
    field = (error.details or {}).get("field")
    said = problems_in(error)
    if set(said) == {""} and isinstance(field, str):
        reason = (error.details or {}).get("reason") or error.message
        return {field: sentence_of(str(reason))}
    return said
