"""Demo customers: made-up people of three countries, and one reseller."""

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    code: str
    currency: str
    # Payments of a country are around this amount, in minor units.
    usual_amount: int
    phone_prefix: str
    given_names: tuple[str, ...]
    family_names: tuple[str, ...]
    providers: tuple[str, ...]


GHANA = Country(
    "GH",
    "GHS",
    18_000,
    "+23320",
    (
        *("Abena", "Adwoa", "Afia", "Akosua", "Akua", "Ama", "Araba", "Efua", "Esi", "Yaa"),
        *("Ebo", "Fiifi", "Kofi", "Kojo", "Kwabena", "Kwadwo", "Kwaku", "Kwame", "Kwesi", "Yaw"),
    ),
    (
        *("Addo", "Agyeman", "Amoah", "Ansah", "Appiah", "Asante", "Boateng", "Darko", "Donkor"),
        *("Frimpong", "Gyasi", "Mensah", "Ofori", "Opoku", "Osei", "Owusu", "Quaye", "Sarpong"),
    ),
    ("paystack", "hubtel"),
)
NIGERIA = Country(
    "NG",
    "NGN",
    2_400_000,
    "+234701",
    (
        *("Adaeze", "Aisha", "Bisi", "Chioma", "Folake", "Halima", "Ifeoma", "Kemi", "Ngozi"),
        *("Bola", "Chidi", "Chinedu", "Emeka", "Ibrahim", "Musa", "Obinna", "Segun", "Tunde"),
    ),
    (
        *("Abubakar", "Adebayo", "Adeyemi", "Balogun", "Bello", "Danladi", "Eze", "Ibe", "Lawal"),
        *("Nwosu", "Ogunleye", "Okafor", "Okoro", "Onyeka", "Salami", "Usman", "Uzor", "Yusuf"),
    ),
    ("paystack", "flutterwave"),
)
KENYA = Country(
    "KE",
    "KES",
    210_000,
    "+25471",
    (
        *("Achieng", "Akinyi", "Atieno", "Chebet", "Jerono", "Makena", "Njeri", "Wambui"),
        *("Barasa", "Kamau", "Kiprono", "Kiptoo", "Maina", "Mutua", "Mwangi", "Otieno"),
    ),
    (
        *("Cheruiyot", "Kariuki", "Kimani", "Kiplagat", "Koech", "Mbugua", "Mutiso", "Mwenda"),
        *("Ndungu", "Njoroge", "Ochieng", "Odhiambo", "Omondi", "Onyango", "Wafula", "Wekesa"),
    ),
    ("mpesa", "flutterwave"),
)
COUNTRIES = (GHANA, NIGERIA, KENYA)


@dataclass(frozen=True, slots=True)
class Person:
    number: int
    country: Country
    name: str
    email: str
    phone: str | None
    tags: tuple[str, ...]
    # How often this one buys, relative to the others.
    eagerness: float


RESELLER_SHARE = 1 / 20


def people(count: int, chance: random.Random) -> Iterator[Person]:
    """The customers, the reseller first: ``count`` of them.

    Eagerness falls off as a power of the rank, so few buy much and many buy once; the reseller
    alone makes one payment in twenty.
    """
    eagerness = [1 / rank**0.8 for rank in range(1, count)]
    others = sum(eagerness)
    yield Person(
        number=1,
        country=GHANA,
        name="Sunbird Resellers",
        email="orders@sunbird.example.com",
        phone="+233200000001",
        tags=("wholesale", "vip"),
        eagerness=others * RESELLER_SHARE / (1 - RESELLER_SHARE),
    )
    for number, eager in enumerate(eagerness, start=2):
        yield _somebody(number, eager, chance)


def _somebody(number: int, eagerness: float, chance: random.Random) -> Person:
    (country,) = chance.choices(COUNTRIES, weights=(5, 3, 2))
    given, family = chance.choice(country.given_names), chance.choice(country.family_names)
    tags = ("vip",) if eagerness > 0.03 else ()  # noqa: PLR2004 (the hundred or so most eager)
    if chance.random() < 0.3:  # noqa: PLR2004 (three in ten read the newsletter)
        tags = (*tags, "newsletter")
    with_phone = chance.random() < 0.6  # noqa: PLR2004 (six in ten leave a number)
    return Person(
        number=number,
        country=country,
        name=f"{given} {family}",
        email=f"{given}.{family}.{number}@example.com".lower(),
        phone=f"{country.phone_prefix}{number:0{13 - len(country.phone_prefix)}d}"
        if with_phone
        else None,
        tags=tags,
        eagerness=eagerness,
    )
