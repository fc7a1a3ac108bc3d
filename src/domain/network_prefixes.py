"""Network prefixes: whose mobile money a number has, by the digits it begins with.

Source: the carriers of ``phonenumbers``. A number may have been taken to another network since:
what is found is proposed, and whoever has the number knows better.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from phonenumbers import country_code_for_region

from domain.mobile_money import networks
from domain.places import only_country

# How the library calls those whose wallets have another name, or who had another name before.
_OF_CARRIER: Final[Mapping[str, tuple[str, ...]]] = {
    "africell": ("afrimoney",),
    "areeba": ("mtn",),
    "at": ("airteltigo",),
    "econet": ("ecocash",),
    "econet ezi-cel lesotho": ("ecocash",),
    "ethio telecom": ("telebirr",),
    "libertis": ("moov",),
    "lonestar cell": ("mtn",),
    "mcel": ("mkesh",),
    "moov africa": ("moov",),
    "movitel": ("emola",),
    "mtn cameroon": ("mtn",),
    "net*one": ("onemoney",),
    "safaricom": ("mpesa",),
    "sotelma": ("moov",),
    "swazi mtn": ("mtn",),
    "togo telecom": ("mixx",),
    "viettel": ("halopesa",),
    "vodacom": ("mpesa",),
    "vodacom lesotho (pty) ltd": ("mpesa",),
    "warid": ("airtel",),
    "yas": ("mixx", "mvola"),
}
# Held with a number of any network: where many have it, a number tells nothing.
_OF_NOBODY_S_NUMBERS: Final = "wave"


@cache
def network_prefixes(country: str) -> Mapping[str, str | None]:
    """By how a number goes on after the code of its country; None for whoever has no mobile money.

    The longest of them counts: within the numbers of one network may be some of another.
    """
    from phonenumbers.carrierdata import CARRIER_DATA  # noqa: PLC0415 (large: with the first page)

    offered = networks(country, "")
    if not offered or _OF_NOBODY_S_NUMBERS in offered:
        return {}
    code = calling_code(country)
    return {
        prefix.removeprefix(code): _network(names["en"], offered)
        for prefix, names in CARRIER_DATA.items()
        if prefix.startswith(code) and "en" in names
    }


def network_of(phone: str, country: str | None, currency: str) -> str | None:
    """That of a number in E.164 form, as far as its first digits tell.

    ``country``: where the number is from; without it, that of a currency no other country has.
    """
    country = country or only_country(currency)
    code = country and f"+{calling_code(country)}"
    if not country or not code or not phone.startswith(code):
        return None
    prefixes, number = network_prefixes(country), phone.removeprefix(code)
    found = (number[:length] for length in range(len(number), 0, -1) if number[:length] in prefixes)
    return prefixes.get(next(found, ""))


def calling_code(country: str) -> str:
    return str(country_code_for_region(country))


def _network(carrier: str, offered: Mapping[str, str]) -> str | None:
    name = carrier.lower()
    return next((each for each in _OF_CARRIER.get(name, (name,)) if each in offered), None)
