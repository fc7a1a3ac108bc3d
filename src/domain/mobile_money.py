"""Mobile money: the networks that hold it, country by country, by a name programs know each by."""

from collections.abc import Mapping
from typing import Final

from domain.places import only_country
from domain.text import tidied

# As their customers call them in 2026, the most used first: what used to be Vodafone Cash in Ghana
# is Telecel, and what used to be Tigo Pesa in Tanzania is Mixx by Yas.
_MTN = ("mtn", "MTN")
_AIRTEL = ("airtel", "Airtel")
_ORANGE = ("orange", "Orange")
_MOOV = ("moov", "Moov")
_MPESA = ("mpesa", "M-Pesa")
_WAVE = ("wave", "Wave")
_MIXX = ("mixx", "Mixx by Yas")

_NETWORKS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "BF": (_ORANGE, _MOOV),
    "BJ": (_MTN, _MOOV, ("celtiis", "Celtiis")),
    "CD": (_MPESA, _ORANGE, _AIRTEL),
    "CG": (_MTN, _AIRTEL),
    "CI": (_WAVE, _ORANGE, _MTN, _MOOV),
    "CM": (_MTN, _ORANGE),
    "ET": (("telebirr", "telebirr"), _MPESA),
    "GA": (_AIRTEL, _MOOV),
    "GH": (_MTN, ("telecel", "Telecel"), ("airteltigo", "AirtelTigo")),
    "GN": (_ORANGE, _MTN),
    "KE": (_MPESA, _AIRTEL),
    "LR": (_MTN, _ORANGE),
    "LS": (_MPESA, ("ecocash", "EcoCash")),
    "MG": (("mvola", "MVola"), _ORANGE, _AIRTEL),
    "ML": (_ORANGE, _MOOV, _WAVE),
    "MW": (_AIRTEL, ("tnm", "TNM Mpamba")),
    "MZ": (_MPESA, ("emola", "e-Mola"), ("mkesh", "mKesh")),
    "NE": (_AIRTEL, _MOOV),
    "NG": (_MTN, _AIRTEL, ("glo", "Glo"), ("9mobile", "9mobile")),
    "RW": (_MTN, _AIRTEL),
    "SL": (_ORANGE, ("afrimoney", "Afrimoney")),
    "SN": (_WAVE, _ORANGE, _MIXX),
    "SZ": (_MTN,),
    "TG": (_MIXX, _MOOV),
    "TZ": (_MPESA, _MIXX, _AIRTEL, ("halopesa", "HaloPesa")),
    "UG": (_MTN, _AIRTEL),
    "ZM": (_MTN, _AIRTEL, ("zamtel", "Zamtel")),
    "ZW": (("ecocash", "EcoCash"), ("onemoney", "OneMoney")),
}
_SHARED: Final[Mapping[str, tuple[str, ...]]] = {
    "XAF": ("CM", "CG", "GA"),
    "XOF": ("CI", "SN", "BJ", "BF", "ML", "TG", "NE"),
}
_NAMES: Final = dict(network for networks in _NETWORKS.values() for network in networks)


def networks(country: str | None, currency: str) -> Mapping[str, str]:
    """The networks payers may have, with their names; none where mobile money is not used.

    Of a country nobody said: those of the one country, or of all, that the currency is of.
    """
    known = country or only_country(currency)
    places = (known,) if known else _SHARED.get(currency, ())
    return dict(network for place in places for network in _NETWORKS.get(place, ()))


def network_name(network: str) -> str:
    """What its customers call it; one that nobody knows is called as it was said."""
    return _NAMES.get(network, network)


def canonical_network(text: str) -> str:
    """The name programs know it by, however it was written; an unknown one stays as it was said."""
    plain = "".join(sign for sign in tidied(text).lower() if sign.isalnum())
    return plain if plain in _NAMES else tidied(text)
