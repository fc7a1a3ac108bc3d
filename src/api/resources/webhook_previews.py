"""The preview of a filter: how much an endpoint would have been told, and what it looks like."""

from typing import Any

from pydantic import Field

from api.resources.shapes import Count, Moment, Shape


class TypePreview(Shape):
    """How many of one type."""

    type: str = Field(examples=["payment.succeeded"])
    deliveries: Count


class FilterPreview(Shape):
    """What would have been told of the days since ``since``, and the newest of some types."""

    since: Moment
    deliveries: Count
    types: list[TypePreview]
    examples: list[dict[str, Any]]
