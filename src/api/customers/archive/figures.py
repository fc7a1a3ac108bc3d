"""What is worked out from what a customer did: totals, averages, a risk."""

from collections.abc import Iterator
from typing import Any, Final

from api.customers.archive.source import Source
from api.customers.archive.zipped import Part
from api.resources.customers import figures_of
from domain.money import shown
from projections.customer_profiles import profile

_MONEY_FIGURES: Final = frozenset(
    {"total_spent", "refund_amount", "disputed_amount", "lifetime_value", "avg_payment_amount"}
)
# Other words for what stands there already.
_SAID_TWICE: Final = frozenset({"total_amount", "total_payments", "last_payment_date"})


def figures_part(source: Source) -> Part:
    return Part(
        "figures",
        "what is worked out from it, as the organization sees it; amounts are of the currency "
        "that stands beside currency; risk_score: of a hundred payments, how many failed, were "
        "given back or were lost in a dispute. Of somebody deleted there are none",
        ("figure", "value", "value_written"),
        _figures(source),
    )


def _figures(source: Source) -> Iterator[dict[str, Any]]:
    found = profile(source.views, source.book, source.customer_id)
    if found is None:
        return
    for figure, value in figures_of(found).items():
        if figure not in _SAID_TWICE:
            in_currency = found.currency if figure in _MONEY_FIGURES else None
            written = shown(value, in_currency) if in_currency else None
            yield {"figure": figure, "value": value, "value_written": written}
