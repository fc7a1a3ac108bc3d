"""Synthetic book of many customers and payments, folded straight into views without a ledger.

What grows with a book is asked of its views alone, so that a million customers are there in
minutes. Some pay far more often than others, many never do, and names are shared as names are.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Any

from domain.customer import Customer
from domain.fact import Fact
from domain.payment import Payment
from ledger.clock import written
from ledger.facts import FactMapper, StoredFact
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.derivation import derive_book
from projections.engine.folding.fold import Folding
from projections.engine.folding.row_writer import merge_into
from projections.engine.generations.generation import Generation

BOOK = "org_crowd/test"
BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)
_FACTS_AT_ONCE = 50_000

_SCATTER = 0x9E37_79B9_7F4A_7C15_F39D
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"

_FIRST = ("Ama", "Kofi", "Akosua", "Kwame", "Chinwe", "Emeka", "Ngozi", "Tunde", "Amina", "Zawadi")
_ROOTS = ("Mensah", "Owusu", "Boat", "Asante", "Okaf", "Adey", "Bala", "Kariu", "Odhia", "Osei")
_ENDINGS = (
    *("a", "e", "i", "o", "u", "an", "en", "or", "emi", "ola", "wa", "ri", "ki", "so", "ma"),
    *("li", "na", "ro", "su", "ta", "ye", "zo", "fu", "ga", "lo", "mi", "nu", "pa", "re", "si"),
)
_LAST = [root + ending for root in _ROOTS for ending in _ENDINGS]


def synthetic_facts(customers: int, payments: int) -> Iterator[Fact]:
    """So many registrations, then so many payments, nine of ten of which succeed."""
    chance = random.Random(customers)
    for number in range(customers):
        yield _registered(number, chance)
    for number in range(payments):
        yield from _paid(number, int(customers * chance.random() ** 3), chance)


def fold_into(
    generation: Generation, definitions: Definitions, book: str, facts: Iterator[Fact]
) -> int:
    """Makes the tables and fills them; answers how many facts that were."""
    generation.create(definitions)
    generation.create_keys(definitions)
    folding, position = Folding(FactMapper(), definitions.folds), 0
    for some in _in_steps(facts):
        folded = folding.fold(book, position, list(_stored(book, position, some)))
        if folded.error is not None:
            raise RuntimeError(folded.error)
        position = folded.position
        with generation.writing() as connection:
            merge_into(connection, generation.schema, [folded.changes])
    with generation.unhurried() as connection:
        derive_book(connection, definitions.derived, book)
    generation.create_indexes(definitions)
    generation.analyze(definitions)
    return position


def customer_id(number: int) -> str:
    """As an id made at random looks, the same for the same number."""
    left, letters = number * _SCATTER % 32**16, []
    for _ in range(16):
        left, letter = divmod(left, 32)
        letters.append(_LETTERS[letter])
    return f"cus_01jggw{number // 3600:04x}{''.join(letters)}"


def _registered(number: int, chance: random.Random) -> Customer.Registered:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    at = BEGINNING + timedelta(seconds=20 * number)
    mail = chance.choice(("gmail.com", "gmail.com", "yahoo.com", "mail.example", "shop.example"))
    return Customer.Registered(
        originator_id=customer_id(number),
        originator_version=1,
        originator_topic="customer",
        timestamp=at,
        occurred_at=at,
        external_id=f"user_{number * 7919 % 10_000_019}",
        personal={
            "name": f"{first} {last}",
            "email": f"{first}.{last}{chance.randrange(1000)}@{mail}".lower(),
            "phone": f"+23324{number:07d}",
        },
        tags=["vip"] if number % 100 == 0 else ["web"] if number % 3 == 0 else [],
        metadata={},
    )


def _paid(number: int, payer: int, chance: random.Random) -> Iterator[Payment.Event]:
    at = BEGINNING + timedelta(seconds=30 * number)
    source = chance.choice(("api", "api", "payment_link", "subscription"))
    said: dict[str, Any] = {
        "originator_id": f"pay_{number:026d}",
        "timestamp": at,
        "customer_id": customer_id(payer),
        "amount": int(100 + 50_000 * chance.random() ** 4),
        "currency": chance.choice(("GHS", "GHS", "NGN", "KES")),
        "source": source,
        "source_id": None if source == "api" else f"{source}_{chance.randrange(200)}",
        "source_description": None,
        "method": chance.choice(("card", "mobile_money", "mobile_money")),
        "provider": chance.choice(("paystack", "hubtel")),
        "country": chance.choice(("GH", "GH", "NG", "KE")),
    }
    yield Payment.Created(
        **said,
        originator_version=1,
        originator_topic="payment",
        occurred_at=at,
        previous_status=None,
        status="pending",
        reference=f"order_{number}",
        description=None,
        metadata={"order": str(number)},
        capture_method="automatic",
    )
    later = at + timedelta(seconds=5)
    if chance.random() < 0.9:  # noqa: PLR2004 (nine of ten are paid)
        yield Payment.Succeeded(
            **said,
            originator_version=2,
            occurred_at=later,
            previous_status="pending",
            status="succeeded",
            captured_amount=said["amount"],
            provider_ref_id=f"ref_{number}",
        )
    else:
        yield Payment.Failed(
            **said,
            originator_version=2,
            occurred_at=later,
            previous_status="pending",
            status="failed",
            failure_code="card_declined",
            failure_message="the card was declined",
        )


def _in_steps(facts: Iterator[Fact]) -> Iterator[Iterator[Fact]]:
    for first in facts:
        yield chain([first], islice(facts, _FACTS_AT_ONCE - 1))


def _stored(book: str, after: int, facts: Iterator[Fact]) -> Iterator[StoredFact]:
    mapper = FactMapper()
    for position, fact in enumerate(facts, start=after + 1):
        new = mapper.encode(fact)
        yield StoredFact(
            book=book,
            position=position,
            stream=new.stream,
            version=fact.originator_version,
            topic=new.topic,
            data=new.data,
            context="{}",
            recorded_at=written(fact.timestamp),
            digest=b"",
        )
