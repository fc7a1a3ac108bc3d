"""Branding: what a payment link may say about the looks of its page."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field
from typing_extensions import TypedDict

from commands.fields import Color

Picture = Annotated[
    str,
    Field(
        max_length=2048,
        pattern=r"^https://[^\s\"'<>;,]+$",
        examples=["https://shop.example/logo.png"],
    ),
]


class Branding(TypedDict, total=False):
    """The looks of a pay page; other names are refused, for they would change nothing."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    color: Color
    logo_url: Picture


def _said(branding: Any) -> Any:
    """Null and an empty text say no more than leaving a name out; PHP's empty list, nothing."""
    if not isinstance(branding, Mapping):
        return {} if branding == [] else branding
    return {name: value for name, value in branding.items() if value not in (None, "")}


StatedBranding = Annotated[Branding, BeforeValidator(_said, json_schema_input_type=Branding)]
