"""Growth benchmark: first pages in a book of many customers, and in a hundredth of it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, make_url
from stores import seconds_of
from synthetic_book import BEGINNING, BOOK, customer_id, fold_into, synthetic_facts

from ledger.database import open_engine
from projections.customer_filters import CustomerFilter
from projections.customer_list import customer_list
from projections.engine.generations.generation import (
    Generation,
    postgresql_generation,
    sqlite_generation,
)
from projections.payment_list import PaymentFilter, payment_list
from projections.read_models import DEFINITIONS
from projections.source_breakdown import source_breakdown
from projections.top_customers import top_customers

Question = Callable[[Connection], Any]


def measure_growth(url: str, size: int) -> dict[str, tuple[float, float]]:
    """Seconds of each question with so many customers and as many payments, and with a hundredth.

    Each question is what the API asks for the first page, its total included.
    """
    engine = open_engine(url)
    taken = []
    for number, customers in enumerate((size, size // 100), start=1):
        generation = _generation(engine, url, number)
        fold_into(generation, DEFINITIONS, BOOK, synthetic_facts(customers, customers))
        with generation.reading() as connection:
            taken.append(
                {
                    name: seconds_of(lambda ask=ask: ask(connection))  # type: ignore[misc]
                    for name, ask in _questions(customers).items()
                }
            )
        generation.drop()
    engine.dispose()
    large, small = taken
    return {name: (large[name], small[name]) for name in large}


def _generation(engine: Engine, url: str, number: int) -> Generation:
    if engine.dialect.name == "sqlite":
        folder = Path(make_url(url).database or "").parent
        return sqlite_generation(folder / f"views-{number}.db", number, DEFINITIONS.digest())
    return postgresql_generation(engine, f"views_{number}", number, DEFINITIONS.digest())


def _questions(customers: int) -> dict[str, Question]:
    somebody = customer_id(customers // 2)
    end = BEGINNING + timedelta(seconds=30 * customers)

    def listed(sort_by: Any = "created_at", **wanted: Any) -> Question:
        return lambda connection: customer_list(
            connection, BOOK, CustomerFilter(**wanted), now=end, sort_by=sort_by, limit=50
        )

    return {
        "search, a part of one id": listed(search=somebody[12:]),
        "search, a surname": listed(search="mensahki"),
        "search, a part a third have": listed(search="gmail.com"),
        "search, a part nobody has": listed(search="nobody at all"),
        "customers by total_amount": listed("total_amount"),
        "customers with a tag": listed("last_payment_at", tags_any=("vip",)),
        "top customers": lambda connection: top_customers(connection, BOOK),
        "top customers of 30 days": lambda connection: top_customers(
            connection, BOOK, start=end - timedelta(days=30)
        ),
        "sources of a customer": lambda connection: source_breakdown(
            connection, BOOK, customer_id=somebody
        ),
        "payments of a status": lambda connection: payment_list(
            connection, BOOK, PaymentFilter(status="succeeded"), limit=50
        ),
    }
