"""Masking: what the API says with the people in it covered, for those who see them when they ask.

It is done to every answer of the API, wherever it is shown, so that no page has to think of it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from phonenumbers import NumberParseException, parse

from api.http.errors import ApiError, InvalidInput

COVERED: Final = "•••"

# No longer than an address may be: nobody is kept waiting by what only begins like one.
_EMAIL: Final = re.compile(r"[^\s@<>\"'(),;:/=]{1,64}@[^\s@<>\"'(),;:/=]{1,255}")
_PHONE: Final = re.compile(r"\+\d{7,15}\b")
_MOST_WORDS: Final = 3
_SHOWN: Final = re.compile(
    rf"\S{COVERED}(?: \S{COVERED})*|\S?{COVERED}@\S?{COVERED}\S*|(?:\+\d+ )?{COVERED} •• ..?"
)
_LAST_DIGITS: Final = 2

# What repeats what somebody was told, or answered, and may say who they are anywhere in it.
_TOLD: Final = frozenset({"response", "variables"})
_MESSAGE: Final = frozenset({"subject", "text", "html"})
# A customer, or somebody who pays, is a thing with one of these; a link or a plan is not.
_OF_PEOPLE: Final = frozenset({"email", "phone", "external_id"})


class Covered(InvalidInput):
    """Something was written that has a part in it which whoever wrote it has not seen."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "is covered in part: ask to see it first, or write all of it")


def unmasked(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a form says, without what was shown covered and is as it was shown.

    Raises Covered for what was changed around that.
    """
    said = {name: value for name, value in body.items() if not is_covered(value)}
    for name, value in said.items():
        if _has_covered(value):
            raise Covered(name)
    return said


def is_covered(value: Any) -> bool:
    """Whether all of it is as the masks below write names, addresses and numbers."""
    return isinstance(value, str) and _SHOWN.fullmatch(value) is not None


def masked(body: Any) -> Any:
    """The same, of which people can be told apart but not known."""
    if isinstance(body, Mapping):
        is_person = not _OF_PEOPLE.isdisjoint(body)
        is_told = "event_id" in body
        return {
            name: _covered(name, value, is_person=is_person, is_told=is_told)
            for name, value in body.items()
        }
    if isinstance(body, list):
        return [masked(each) for each in body]
    return masked_text(body) if isinstance(body, str) else body


def masked_failure(failure: ApiError) -> ApiError:
    """What it says, and names, may repeat what somebody looked for."""
    failure.message = masked_text(failure.message)
    failure.details = failure.details and masked(failure.details)
    return failure


def masked_text(text: str) -> str:
    """Without the addresses and international numbers in it."""
    if "@" in text:
        text = _EMAIL.sub(lambda found: _email(found[0]), text)
    return _PHONE.sub(lambda found: _phone(found[0]), text) if "+" in text else text


def _covered(name: str, value: Any, *, is_person: bool, is_told: bool) -> Any:
    if value is None:
        return None
    if name in _TOLD or (is_told and name in _MESSAGE):
        return COVERED
    cover = _MASKS.get(name) or (_name if is_person and name == "name" else None)
    return cover(value) if cover is not None and isinstance(value, str) else masked(value)


def _has_covered(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_covered, value.values()))
    if isinstance(value, list):
        return any(map(_has_covered, value))
    return isinstance(value, str) and COVERED in value


def _name(name: str) -> str:
    return " ".join(f"{word[0]}{COVERED}" for word in name.split()[:_MOST_WORDS])


def _email(address: str) -> str:
    box, _, domain = address.rpartition("@")
    place, dot, ending = domain.rpartition(".")
    return f"{box[:1]}{COVERED}@{place[:1]}{COVERED}{dot}{ending}"


def _phone(number: str) -> str:
    """``+233 ••• •• 89``; of a number that names no country its end alone."""
    try:
        country = f"+{parse(number).country_code} "
    except NumberParseException:
        country = ""
    return f"{country}{COVERED} •• {number[-_LAST_DIGITS:]}"


_MASKS: Final[dict[str, Callable[[str], str]]] = {
    "email": _email,
    "phone": _phone,
    "customer_name": _name,
}
