"""The form of a pay page: read as people write it, with all that is wrong at once and in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from api.http.errors import InvalidInput
from api.http.parsing import fingerprint
from api.payment_links.typed_amounts import AmountInDoubt, minor_units, written_like
from commands.custom_fields import AnswerMissing, AnswerTooLong, WrongAnswer, answer_to
from commands.fields import LONGEST_TEXT, canonical_method
from commands.link_payments import PayThroughLink
from commands.typed_phones import PhoneNotPossible, read_phone
from delivery.looks.readers import Reader
from domain.contact import country_of, example_number, is_long_enough
from domain.mobile_money import networks
from domain.money import shown
from domain.network_prefixes import network_of
from domain.payment_link import AmountMissing, AmountOutOfBounds, CustomField, price
from domain.places import only_country
from domain.text import seen

CUSTOM: Final = "custom_"
# What is paid from a phone, which its number then names.
BY_PHONE: Final = ("mobile_money", "ussd")
# Stands for all networks that are not listed.
ANOTHER_NETWORK: Final = "another"

_SAID: Final = ("email", "name", "phone", "country", "method", "network")
_WORDS: Final = {
    "email": "Enter an email address, like ama@example.com",
    "country": "Choose a country from the list",
    "method": "Choose how to pay",
}
_UNREADABLE: Final = "This cannot be read: enter it again"
_TOO_LONG: Final = "Use no more than {} characters"
_MISSING: Final = {
    "select": "Choose one",
    "checkbox": "Tick this to go on",
    "date": "Enter a date",
    "number": "Enter a number",
}
_WRONG: Final = {
    "select": "Choose one from the list",
    "checkbox": "Tick this, or leave it empty",
    "date": "Enter a date like 2026-11-28",
    "number": "Enter a number in digits, like 12 or 1.5",
    "email": _WORDS["email"],
}


@dataclass
class WrongForm(Exception):  # noqa: N818 (an answer, not a fault)
    """``problems``: what to do about each field that is wrong. ``readings``: of an amount."""

    problems: dict[str, str] = field(default_factory=dict)
    readings: Mapping[int, str] = field(default_factory=dict)


def command_of(form: dict[str, Any], link: dict[str, Any], reader: Reader) -> PayThroughLink:
    """The payment that was asked for; raises WrongForm with everything that is wrong."""
    wrong = WrongForm()
    form = {name: value for name, value in form.items() if seen(value)}
    form |= {"country": country_of(form.get("phone")) or form.get("country")}
    amount = _amount(form, link, reader, wrong) if link["allow_custom_amount"] else None
    command = _validated(form, amount, link, wrong)
    _check_payer(form, link, wrong)
    for asked in link["custom_fields"]:
        _check_answer(asked, form.get(CUSTOM + asked["name"]), wrong)
    if wrong.problems or command is None:
        raise wrong
    return command


def once(form: dict[str, Any]) -> str | None:
    """The same form sent twice is one payment; one that was corrected is another."""
    nonce = str(form.get("nonce") or "")
    return f"{nonce[:64]} {fingerprint(form)}" if nonce else None


def method_in(form: Mapping[str, Any]) -> Any:
    return canonical_method(form.get("method") or "card")


def country_in(form: Mapping[str, Any], link: Mapping[str, Any]) -> str | None:
    """Where the payer is: as their number or they say, else as the link or the organization does.

    None where nobody does.
    """
    stated = country_of(form.get("phone")) or form.get("country")
    stated = stated or link["country"] or link["organization"]["country"]
    return stated or only_country(link["currency"])


def network_in(form: Mapping[str, Any], link: Mapping[str, Any]) -> str | None:
    """Whose mobile money it is: as the payer says, else as their number does."""
    if form.get("network"):
        return str(form["network"])
    country, currency = country_in(form, link), link["currency"]
    try:
        phone = read_phone(form.get("phone"), country, currency)
    except PhoneNotPossible:
        return None
    return network_of(phone or "", country, currency)


def suggested(amount: int, currency: str) -> str:
    """An amount as it stands in a field: no currency, no commas."""
    return shown(amount, currency).partition(" ")[0].replace(",", "")


def _amount(
    form: dict[str, Any], link: dict[str, Any], reader: Reader, wrong: WrongForm
) -> int | None:
    """What the payer chose, unless it is no amount, or two, or not what the link takes."""
    currency = link["currency"]
    try:
        amount = _typed_amount(form, link)
        # A program's 0 stands for no amount (contract 1.0.6); a person's does not.
        price(link, amount)
    except AmountInDoubt as doubt:
        wrong.problems["amount"] = f"“{doubt.typed}” can be read in two ways: choose what you mean"
        wrong.readings = {minor: reader.money(minor, currency) for minor in doubt.readings}
    except AmountMissing:
        wrong.problems["amount"] = "Enter how much you want to pay"
    except AmountOutOfBounds as refused:
        bound = reader.money(int(refused.details["bound"] or 0), currency)
        least_or_most = "at least" if refused.is_too_little else "no more than"
        wrong.problems["amount"] = f"Enter {least_or_most} {bound}"
    except InvalidInput as unread:
        wrong.problems["amount"] = (
            f"Nobody can pay in {currency} any more: ask for another link"
            if unread.code == "invalid_currency"
            else f"This is not an amount in {currency}: write it like {written_like(currency)}"
        )
    else:
        return amount
    return None


def _typed_amount(form: dict[str, Any], link: dict[str, Any]) -> int | None:
    typed, amount, currency = form.get("amount") or "", link["amount"], link["currency"]
    if amount and typed == suggested(amount, currency):
        return int(amount)
    return minor_units(typed, currency, meant=form.get("meant") or "")


def _validated(
    form: dict[str, Any], amount: int | None, link: dict[str, Any], wrong: WrongForm
) -> PayThroughLink | None:
    said = {name: form.get(name) for name in _SAID} | {"network": network_in(form, link)}
    if said["network"] == ANOTHER_NETWORK or method_in(form) != "mobile_money":
        said["network"] = None
    answers = {each["name"]: form.get(CUSTOM + each["name"]) for each in link["custom_fields"]}
    try:
        return PayThroughLink(**said, amount=amount, custom_fields=answers)
    except ValidationError as invalid:
        for each in invalid.errors(include_url=False, include_context=False):
            name = str(each["loc"][0])
            is_long = each["type"] == "string_too_long"
            words = _TOO_LONG.format(LONGEST_TEXT) if is_long else _WORDS.get(name)
            wrong.problems.setdefault(name, words or _UNREADABLE)
        return None


def _check_payer(form: dict[str, Any], link: dict[str, Any], wrong: WrongForm) -> None:
    """By a number or by an address a payer is known, and they have either, by how they pay."""
    method, say = method_in(form), wrong.problems.setdefault
    known_networks = networks(country_in(form, link), link["currency"])
    offered = (*known_networks, ANOTHER_NETWORK)
    # Without a script those of another country were shown: the page that follows has its own.
    if method == "mobile_money" and known_networks and network_in(form, link) not in offered:
        say("network", "Choose your network")
    if method in BY_PHONE and not form.get("phone"):
        say("phone", "Enter the number you pay from")
    elif form.get("phone") and "country" not in wrong.problems:
        _check_phone(form, link, say)
    if method in BY_PHONE and form.get("phone") and country_in(form, link) is None:
        say("country", "Choose the country of the number")
    if method not in BY_PHONE and not form.get("email"):
        say("email", "Enter your email address")


def _check_phone(
    form: dict[str, Any], link: dict[str, Any], say: Callable[[str, str], object]
) -> None:
    phone, country = str(form["phone"]), country_in(form, link)
    example = example_number(country)
    try:
        read_phone(phone, country, link["currency"])
    except PhoneNotPossible:
        say("phone", f"This is not a possible phone number: write it like {example}")
        return
    if method_in(form) in BY_PHONE and not is_long_enough(phone, country):
        say("phone", f"Check the number: it should look like {example}")


def _check_answer(asked: CustomField, answer: Any, wrong: WrongForm) -> None:
    kind = asked["type"]
    try:
        answer_to(asked, answer)
    except AnswerMissing:
        wrong.problems[CUSTOM + asked["name"]] = _MISSING.get(kind, "Fill this in")
    except AnswerTooLong as long:
        wrong.problems[CUSTOM + asked["name"]] = _TOO_LONG.format(long.most)
    except WrongAnswer:
        wrong.problems[CUSTOM + asked["name"]] = _WRONG.get(kind, _UNREADABLE)
