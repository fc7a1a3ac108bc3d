"""The explanation of a figure: the facts that add up to it."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import Field

from api.resources.facts import reason_of
from api.resources.shapes import Currency, Moment, Pagination, Shape
from projections import explanations

Adds = Annotated[
    int, Field(description="In the currency's minor unit, or a count.", examples=[-2500])
]

# What adds up from facts, of a customer or of a book between two moments.
CustomerFigure = Literal[
    "total_spent",
    "refund_amount",
    "disputed_amount",
    "lifetime_value",
    "payment_count",
    "successful_payments",
    "failed_payments",
    "total_refunds",
]


class ExplainingFact(Shape):
    """One recorded fact, and what it adds to the figure."""

    position: int | None = Field(examples=[128])
    topic: str = Field(examples=["payment.refunded"])
    payment_id: str = Field(examples=["pay_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    occurred_at: Moment
    recorded_at: Moment
    actor: str | None = Field(examples=["usr_ama"])
    reason: str | None = Field(examples=["damaged"])
    adds: Adds


class Explanation(Shape):
    """``value`` is what the views say; ``sum`` is what all facts up to this page add up to.

    On the last page the two are equal.
    """

    figure: str = Field(examples=["lifetime_value"])
    currency: Currency | None
    value: int
    sum: int
    facts: list[ExplainingFact]
    pagination: Pagination


def fact_of(fact: explanations.ExplainingFact) -> dict[str, Any]:
    stored = fact.stored
    return ExplainingFact.of(
        fact,
        position=stored.position,
        topic=stored.topic,
        payment_id=stored.stream,
        recorded_at=stored.recorded_at,
        actor=orjson.loads(stored.context).get("actor"),
        reason=reason_of(orjson.loads(stored.data)),
    )
