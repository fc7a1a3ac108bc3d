"""Conditions: whether what happened, and to whom, is what a rule is about. Nothing is read here."""

from collections.abc import Mapping
from typing import Any, Final

from delivery.workflows.circumstances import Circumstances
from delivery.workflows.customer_money import Spent
from domain.customer import Customer

Conditions = Mapping[str, Any]

_OF_CUSTOMERS: Final = frozenset(
    {"customer_tags", "customer_tags_all", "customer_tags_none", "customer_metadata_match"}
)
_OF_MONEY: Final = frozenset({"first_payment", "min_lifetime_value"})

# What a value of the circumstances must be one of.
_ONE_OF: Final = {
    "currencies": "currency",
    "countries": "country",
    "methods": "method",
    "sources": "source",
    "source_ids": "source_id",
    "customer_ids": "customer_id",
}


def asks_later(conditions: Conditions) -> bool:
    """Whether they are asked when it is their turn, and not as of the fact."""
    return conditions.get("as_of") == "now"


def asks_customer(conditions: Conditions) -> bool:
    return not _OF_CUSTOMERS.isdisjoint(conditions)


def asks_money(conditions: Conditions) -> bool:
    return not _OF_MONEY.isdisjoint(conditions)


def met_by_what_happened(conditions: Conditions, circumstances: Circumstances) -> bool:
    """Those that the fact answers by itself."""
    return (
        _amount_fits(conditions, circumstances.amount)
        and all(
            getattr(circumstances, name) in conditions[condition]
            for condition, name in _ONE_OF.items()
            if condition in conditions
        )
        and _matches(conditions.get("metadata_match", {}), circumstances.metadata)
    )


def met_by_customer(conditions: Conditions, customer: Customer | None) -> bool:
    """Those about whom it happened to; nobody who is known has no tag, and no metadata."""
    known = customer is not None and not customer.deleted
    tags = set(customer.tags) if customer is not None and known else set()
    metadata = customer.metadata if customer is not None and known else {}
    return (
        ("customer_tags" not in conditions or not tags.isdisjoint(conditions["customer_tags"]))
        and tags.issuperset(conditions.get("customer_tags_all", ()))
        and tags.isdisjoint(conditions.get("customer_tags_none", ()))
        and _matches(conditions.get("customer_metadata_match", {}), metadata)
    )


def met_by_money(conditions: Conditions, spent: Spent, currency: str | None) -> bool:
    """Those about what a customer has paid by then, this included; nobody has paid nothing."""
    first: bool | None = conditions.get("first_payment")
    least: int | None = conditions.get("min_lifetime_value")
    is_first = spent.successes == 1
    if least is not None and spent.lifetime_value(currency) < least:
        return False
    return first in (None, is_first)


def _amount_fits(conditions: Conditions, amount: int | None) -> bool:
    least: int | None = conditions.get("min_amount")
    most: int | None = conditions.get("max_amount")
    if amount is None:
        return least is None and most is None
    return (least is None or least <= amount) and (most is None or amount <= most)


def _matches(asked: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    """Numbers and truths are also met by their text: many clients know only texts."""
    return all(name in metadata and _same(metadata[name], value) for name, value in asked.items())


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or bool(_text(one) == _text(other))


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value
