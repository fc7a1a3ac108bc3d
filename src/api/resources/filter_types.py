"""Types of the values that lists are filtered by: methods of payment, statuses, tags."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from commands.fields import Text, canonical_method
from domain.payment_types import Status
from domain.text import tidied


def _split(value: Any) -> Any:
    parts = [value] if isinstance(value, str) else value
    return [tidied(each) for part in parts for each in part.split(",") if tidied(each)]


def _american(value: Any) -> Any:
    """A status in the spelling of the wire, whichever was used."""
    return "canceled" if value == "cancelled" else value


Separated = BeforeValidator(_split)
EitherSpelling = BeforeValidator(_american)
TagList = Annotated[list[Text], Separated]
Method = Annotated[Text, BeforeValidator(canonical_method)]
# Clients know payments that were abandoned; here they expire.
StatusName = Annotated[Literal[Status, "abandoned"], EitherSpelling]
