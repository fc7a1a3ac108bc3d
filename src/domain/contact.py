"""Contact: how an e-mail address and a phone number are kept, and when two name one person."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from email_validator import EmailNotValidError, validate_email
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    example_number_for_type,
    format_number,
    is_possible_number,
    is_possible_number_with_reason,
    is_valid_number,
    national_significant_number,
    normalize_digits_only,
    parse,
    region_code_for_number,
)

from domain.text import tidied

# How long numbers were before a country gave all of its own another length, by country code: the
# library knows today's plans alone, and people keep the numbers of before for years.
# Benin 2024, Côte d'Ivoire 2021, Mexico 2019.
_FORMER_LENGTHS: Final = {229: 8, 225: 8, 52: 11}
# No plan of any country has shorter numbers, and E.164 none longer; some dial a prefix before.
_SHORTEST, _LONGEST = 4, 17
_PLUS: Final = re.compile("[+\uff0b]")
_WRITTEN: Final = re.compile(r"[\d\s+().,/\-\u2010-\u2015]+")
# Fewer digits are part of too many numbers and other names.
_TELLING: Final = 5


class ImpossiblePhone(ValueError):  # noqa: N818 (named like every other refusal)
    """Nobody can have this number."""

    def __init__(self) -> None:
        super().__init__("is not a possible phone number: E.164, for example +233201234567")


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as it is kept: in E.164 form where that can be told, else as it was typed.

    It ``identifies`` who has it when it is valid, and international or of a country that somebody
    stated. Whether it is valid is known by today's numbering plans: what is recorded must not
    depend on it.
    """

    text: str
    is_international: bool
    identifies: bool


@lru_cache(maxsize=10_000)
def placed(text: str, country: str | None = None) -> Phone:
    """What a number is that somebody typed; raises ImpossiblePhone for what cannot be one.

    ``country`` (ISO 3166, two letters): where a national number is from, as somebody stated it. A
    number that is not valid there may be from anywhere, and is kept as it was typed.
    """
    number = _international(text)
    if number is not None:
        if not _is_possible(number):
            raise ImpossiblePhone
        return Phone(_e164(number), is_international=True, identifies=is_valid_number(number))
    number = _national(text, country)
    if number is not None and is_valid_number(number):
        return Phone(_e164(number), is_international=True, identifies=True)
    if not _SHORTEST <= len(normalize_digits_only(text)) <= _LONGEST:
        raise ImpossiblePhone
    return Phone(tidied(text), is_international=False, identifies=False)


def is_long_enough(text: str, country: str | None) -> bool:
    """Whether a number has as many digits as one of the country, or of the one it names, has.

    Of a number that names no country, and of which nobody said one, nobody can tell.
    """
    number = _national(text, country)
    return is_possible_number(number) if number is not None else country is None


def example_number(country: str | None) -> str:
    """How a number of a mobile phone is written there; in general, where no country is said."""
    example = example_number_for_type(country, PhoneNumberType.MOBILE) if country else None
    if example is None:
        return "+233 23 123 4567"
    return format_number(example, PhoneNumberFormat.NATIONAL)


def country_of(text: str | None) -> str | None:
    """Where a number is from (ISO 3166), if it says so itself."""
    try:
        number = _international(text or "")
    except ImpossiblePhone:
        return None
    region = number and region_code_for_number(number)
    return region if region and region.isalpha() else None


def e164(text: str) -> str:
    """An international number in E.164 form, however it is written; raises ImpossiblePhone."""
    phone = placed(text)
    if not phone.is_international:
        raise ImpossiblePhone
    return phone.text


def e164_of(recorded: str) -> str:
    """A number that was recorded, in E.164 form: release 0.1.0 kept them as they were typed.

    What today's plans do not know stays as it is.
    """
    try:
        return e164(recorded)
    except ImpossiblePhone:
        return recorded


def identifying(text: str) -> str | None:
    """An international number in E.164 form, if it tells who has it: valid by today's plans."""
    try:
        phone = placed(text)
    except ImpossiblePhone:
        return None
    return phone.text if phone.identifies else None


def searched_phone(recorded: str | None) -> str | None:
    """A number that was recorded, as it is searched: without the 0 that some write after a code.

    To read each number that was ever recorded would take longer than to fold the rest of the fact.
    """
    if recorded is None or "0" not in recorded[2:5]:
        return recorded
    return e164_of(recorded)


def part_of_a_phone(text: str) -> str | None:
    """The digits of a part of a number, written as people do, as they stand in E.164.

    None for what is no part of a number, or too short to tell.
    """
    plain = unicodedata.normalize("NFKC", text)
    if not _WRITTEN.fullmatch(plain):
        return None
    number = _national(plain, None) if plain.lstrip().startswith("+") else None
    written = _e164(number) if number is not None else plain.replace("(0)", "")
    digits = normalize_digits_only(written).lstrip("0")
    return digits if len(digits) >= _TELLING else None


def mailbox(address: str) -> str:
    """What an address has in common with every other way to write that mailbox.

    Composed (NFC), in simple case folding, which takes letters one by one: so ß is not ss, a final
    sigma is a sigma, and İ is found by its lower case; the domain as IDNA writes it.
    """
    if address.isascii() and "xn--" not in address.lower():
        return address.strip().lower()
    try:
        local, _, domain = email_address(address).rpartition("@")
    except ValueError:
        return _folded(unicodedata.normalize("NFC", address))
    return f"{_folded(local)}@{domain}"


def email_address(text: str) -> str:
    """An address in its usual form; raises ValueError for what cannot be one."""
    try:
        # `test_environment` lets the domains through that examples are made of.
        found = validate_email(tidied(text), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    return found.normalized


def _international(text: str) -> PhoneNumber | None:
    """The number, if it names its country; raises ImpossiblePhone for what is no number of any."""
    try:
        return parse(text)
    except NumberParseException as error:
        is_national = error.error_type == NumberParseException.INVALID_COUNTRY_CODE
        if not is_national or _PLUS.search(text):
            raise ImpossiblePhone from None
    # Most countries dial 00 before a number abroad, and no number at home begins so.
    digits = normalize_digits_only(text)
    number = _national(f"+{digits[2:]}", None) if digits.startswith("00") else None
    return number if number is not None and is_valid_number(number) else None


def _national(text: str, country: str | None) -> PhoneNumber | None:
    try:
        return parse(text, country)
    except NumberParseException:
        return None


def _is_possible(number: PhoneNumber) -> bool:
    reason = is_possible_number_with_reason(number)
    if reason in (ValidationResult.IS_POSSIBLE, ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
        return True
    national = national_significant_number(number)
    return _FORMER_LENGTHS.get(number.country_code or 0) == len(national)


def _e164(number: PhoneNumber) -> str:
    return format_number(number, PhoneNumberFormat.E164)


def _folded(text: str) -> str:
    simple = (each.casefold() if len(each.casefold()) == 1 else each.lower() for each in text)
    return unicodedata.normalize("NFC", "".join(simple))
