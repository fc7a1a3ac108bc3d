"""Fields that all resources share: moments, amounts, pages; and how an answer is filled."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[int, Field(description="In the currency's minor unit.", examples=[15000])]
Count = Annotated[int, Field(ge=0, examples=[3])]
Share = Annotated[float, Field(ge=0, le=1, description="From 0 to 1.", examples=[0.25])]
Currency = Annotated[str, Field(description="ISO 4217.", examples=["GHS"])]
Moment = Annotated[
    datetime, Field(description="RFC 3339 in UTC.", examples=["2026-11-23T05:09:35.123456Z"])
]


class Shape(BaseModel):
    """An answer. Clients must expect fields to be added."""

    model_config = ConfigDict(extra="allow", json_schema_serialization_defaults_required=True)
    _names: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        cls._names = tuple(cls.model_fields)

    @classmethod
    def of(cls, record: object, **given: Any) -> dict[str, Any]:
        """The answer: each field is what is given for it, else what the record calls so."""
        return {
            name: given[name] if name in given else getattr(record, name) for name in cls._names
        }


class Pagination(Shape):
    """``next_cursor`` goes into ``cursor`` of the next request; null on the last page.

    A ``total`` of many thousand that fit a description is not counted to the end: then
    ``total_is_exact`` is false, and there are at least so many.
    """

    total: int | None = Field(examples=[128])
    total_is_exact: bool = Field(examples=[True])
    limit: int = Field(examples=[50])
    offset: int = Field(examples=[0])
    next_cursor: str | None = Field(examples=["eyJhZnRlciI6WzE3Nl19"])
