"""Customer fields: what of an answer is about customers, and not for everybody who may ask."""

from typing import Any, Final

# Wherever they stand in a resource that is not a customer. Positions are among them: of two facts
# beside each other, one that was registered between them is told.
_ABOUT_CUSTOMERS: Final = frozenset(
    {
        *("customer_id", "customer_name", "customer", "customer_external_id", "prefill", "payer"),
        *("customers", "converted_customers", "converted_revenue", "later_revenue"),
        "position",
    }
)


def without_customers(body: dict[str, Any]) -> dict[str, Any]:
    """The same fields, without the values of those that tell of customers."""
    return {name: None if name in _ABOUT_CUSTOMERS else value for name, value in body.items()}
