"""Workflow conditions as they are sent: what is asked before anything follows."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from commands.fields import Amount, Command, CountryCode, CurrencyCode, Metadata, Method, Tags, Text
from domain.payment_types import Source

_MOST: Final = 100

# As the prose of the guides calls them.
_ALSO_CALLED: Final = {
    "amount_gte": "min_amount",
    "amount_lte": "max_amount",
    "tags": "customer_tags",
    "payment_link_ids": "source_ids",
}


def _one_is_a_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


T = TypeVar("T")
Some = Annotated[list[T], Field(max_length=_MOST), BeforeValidator(_one_is_a_list)]
SomeTags = Annotated[Tags, BeforeValidator(_one_is_a_list)]


class Conditions(Command):
    """All of them must be met. A name that is not known is refused: it would let everybody through.

    Amounts are those of what happened: what was paid, given back, disputed, or what a period costs.
    Metadata is that of the payment, subscription, invoice or customer it is about, unless it is
    called the customer's. ``as_of``: whether the customer is asked as of the fact, or when its turn
    comes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_amount: Amount | None = None
    max_amount: Amount | None = None
    currencies: Some[CurrencyCode] = Field(default_factory=list)
    countries: Some[CountryCode] = Field(default_factory=list)
    methods: Some[Method] = Field(default_factory=list)
    sources: Some[Source] = Field(default_factory=list)
    source_ids: Some[Text] = Field(default_factory=list)
    metadata_match: Metadata = Field(default_factory=dict)
    first_payment: bool | None = None
    min_lifetime_value: Amount | None = None
    customer_ids: Some[Text] = Field(default_factory=list)
    customer_tags: SomeTags = Field(default_factory=list)
    customer_tags_all: SomeTags = Field(default_factory=list)
    customer_tags_none: SomeTags = Field(default_factory=list)
    customer_metadata_match: Metadata = Field(default_factory=dict)
    as_of: Literal["fact", "now"] = "fact"

    @model_validator(mode="before")
    @classmethod
    def _by_other_names(cls, body: Any) -> Any:
        if not isinstance(body, Mapping):
            return body
        return {_ALSO_CALLED.get(name, name): value for name, value in body.items()}

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.min_amount and self.max_amount and self.min_amount > self.max_amount:
            raise ValueError("min_amount is more than max_amount: nothing could meet that")
        if set(self.customer_tags_all) & set(self.customer_tags_none):
            raise ValueError("a tag is asked for and ruled out: nobody could meet that")
        return self

    @property
    def asked(self) -> dict[str, Any]:
        """Only what is asked; that it is asked as of the fact goes without saying."""
        said = self.model_dump(exclude_defaults=True)
        return {name: value for name, value in said.items() if value not in (None, [], {})}
