"""Field types: what a value in the body of a command may look like."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal, get_args, get_origin

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from commands.unsupported_fields import refuse_unsupported
from domain.contact import e164, email_address
from domain.mobile_money import canonical_network
from domain.money import LARGEST_AMOUNT, has_decimals
from domain.places import countries
from domain.text import seen, tidied
from domain.time_zone import zone_of

LONGEST_TEXT: Final = 255
LONGEST_TAG: Final = 64
MOST_TAGS: Final = 50
MOST_METADATA_KEYS: Final = 50
LARGEST_METADATA_BYTES: Final = 32 * 1024

# A wallet on a phone presents a card; M-Pesa is a mobile money; USSD is a way of its own.
_METHODS: Final = {
    "momo": "mobile_money",
    "mpesa": "mobile_money",
    "mobilemoney": "mobile_money",
    "bank": "bank_transfer",
    "apple_pay": "card",
    "google_pay": "card",
}

_CURRENCY = re.compile("[A-Z]{3}")
_DATED = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# An escaped NUL in JSON text: the backslash that begins it is not itself escaped.
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Command(BaseModel):
    """A body from outside, read kindly (contract 1.0.6).

    Unknown fields are ignored, ``[]`` and no body at all mean ``{}``, null and a text of which
    nothing is seen say no more than leaving the field out. Such a text is refused where no text
    belongs: an amount that was lost must not become all the money, nor lost scopes all scopes.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    # The exception: what would be believed to have an effect on money, and has none.
    unsupported: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _tolerate(cls, body: Any) -> Any:
        if body is None or body == []:
            return {}
        if isinstance(body, Mapping):
            if cls.unsupported:
                refuse_unsupported(body, cls.unsupported - cls.model_fields.keys())
            return {name: value for name, value in body.items() if cls._says_something(name, value)}
        return body

    @classmethod
    def _says_something(cls, name: str, value: Any) -> bool:
        return value is not None and (not _is_blank(value) or name in _not_texts(cls))


class ChangingCommand(Command):
    """A body that changes what is there: null clears the field."""

    @classmethod
    def _says_something(cls, name: str, value: Any) -> bool:
        return not _is_blank(value) or name in _not_texts(cls)


@cache
def _not_texts(command: type[BaseModel]) -> frozenset[str]:
    fields = command.model_fields.items()
    return frozenset(name for name, field in fields if _is_no_text(field.annotation))


def _is_no_text(annotation: Any) -> bool:
    kind = get_origin(annotation) or annotation
    return kind in (int, bool, list, dict) or any(map(_is_no_text, get_args(annotation)))


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not seen(value)


def _tidied(text: str) -> str:
    """Composing may make a text longer, and three characters at most of one."""
    tidy = tidied(text)
    if len(tidy) > LONGEST_TEXT:
        raise ValueError(f"has more than {LONGEST_TEXT} characters")
    return tidy


def _one_line(text: str) -> str:
    """A provider is claimed with its reference, one line after the other."""
    line = _tidied(text)
    if "\n" in line:
        raise ValueError("has more than one line")
    return line


def _tag(text: str) -> str:
    """A tag as lists can be asked for it: they separate tags by commas."""
    tag = tidied(text)
    if not seen(tag):
        raise ValueError("is empty")
    if "," in tag:
        raise ValueError("has a comma, which separates tags")
    return tag


def _distinct(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


def _plain_json(metadata: dict[str, Any]) -> dict[str, Any]:
    """The metadata as it will be read again from the ledger: what would not be, is refused."""
    try:
        text = orjson.dumps(metadata)
    except (orjson.JSONEncodeError, RecursionError):
        raise ValueError(
            "is not JSON that can be stored: a number of more than 64 bits or 17 digits is kept "
            "as text, and nothing that is nested too deep"
        ) from None
    if len(text) > LARGEST_METADATA_BYTES:
        raise ValueError(f"is larger than {LARGEST_METADATA_BYTES} bytes of JSON")
    if _ESCAPED_NUL.search(text):
        raise ValueError("holds a NUL character")
    plain: dict[str, Any] = orjson.loads(text)
    if plain != metadata:
        raise ValueError("holds a number that JSON does not know")
    return plain


def _object(value: Any) -> Any:
    """PHP writes an empty object as an empty list."""
    return {} if value == [] else value


def canonical_method(text: Any) -> Any:
    """The name of a way to pay under which it is kept; what is no text stays as it is."""
    if not isinstance(text, str):
        return text
    plain = text.lower().replace("-", "_")
    return _METHODS.get(plain, plain)


def _currency(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    # Only what has the form of a code is looked up and remembered: the world may send anything.
    code = text.strip().upper() if text.isascii() else ""
    if not _CURRENCY.fullmatch(code) or not has_decimals(code):
        raise ValueError("is not an ISO 4217 currency payments are made in")
    return code


def _listed_country(code: str) -> str:
    if code not in countries():
        raise ValueError("is not an ISO 3166 country")
    return code


def _listed_zone(name: str) -> str:
    zone_of(name)
    return name


def not_cleared(value: Any) -> Any:
    """Of what always has a value: it can be changed, and not taken away."""
    if value is None:
        raise ValueError("cannot be cleared")
    return value


def _upper(text: Any) -> Any:
    return text.upper() if isinstance(text, str) and text.isascii() else text


def _written_out(moment: Any) -> Any:
    # Digits alone would be taken for seconds since 1970, "20261231" too.
    if isinstance(moment, datetime) or (isinstance(moment, str) and _DATED.match(moment)):
        return moment
    raise ValueError("is not an RFC 3339 date and time")


def _a_day_begins(moment: Any) -> Any:
    """A date without a time is the beginning of that day, in UTC."""
    if isinstance(moment, str) and _PLAIN_DATE.fullmatch(moment):
        try:
            return datetime.combine(date.fromisoformat(moment), time(), UTC)
        except ValueError:
            raise ValueError("is not a day of the calendar") from None
    return moment


def _utc(moment: datetime) -> datetime:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        utc = None
    if utc is None or utc < _EARLIEST:
        raise ValueError("is before 1970")
    return utc


Text = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$")]
LongText = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]
Email = Annotated[Text, AfterValidator(email_address), Field(json_schema_extra={"format": "email"})]
Phone = Annotated[
    Text,
    AfterValidator(e164),
    Field(description="Kept in E.164 form, however it is written.", examples=["+233201234567"]),
]
ExternalId = Annotated[
    Text, AfterValidator(_tidied), Field(description="Your own id; kept trimmed and in NFC.")
]
# What two ways to write it have in common, as it stands for one payment or refund.
ProviderName = Annotated[Text, AfterValidator(_one_line)]
ProviderReference = Annotated[Text, AfterValidator(_one_line)]
Tag = Annotated[
    str, Field(min_length=1, max_length=LONGEST_TAG, pattern=r"^[^\x00]*$"), AfterValidator(_tag)
]
Tags = Annotated[list[Tag], Field(max_length=MOST_TAGS), AfterValidator(_distinct)]
Object = Annotated[dict[str, Any], BeforeValidator(_object, json_schema_input_type=dict[str, Any])]
Metadata = Annotated[Object, Field(max_length=MOST_METADATA_KEYS), AfterValidator(_plain_json)]
# How money is taken, by its own name, whatever else it was called.
Method = Annotated[
    Literal["card", "mobile_money", "bank_transfer", "ussd"], BeforeValidator(canonical_method)
]
Network = Annotated[
    Text,
    AfterValidator(canonical_network),
    Field(
        description="Whose mobile money the payer has; known ones are kept by one name.",
        examples=["mtn"],
    ),
]
_MINOR_UNITS: Final = Field(description="In the currency's minor unit.", examples=[15000])
Amount = Annotated[int, Field(strict=True, ge=1, le=LARGEST_AMOUNT), _MINOR_UNITS]
AmountOrAll = Annotated[int, Field(strict=True, ge=0, le=LARGEST_AMOUNT), _MINOR_UNITS]
# Of today's list or of those withdrawn since: whether it was money then is the domain's to say.
CurrencyCode = Annotated[
    str, BeforeValidator(_currency), Field(description="ISO 4217.", examples=["GHS"])
]
CountryCode = Annotated[
    str,
    BeforeValidator(_upper),
    Field(pattern="^[A-Z]{2}$", description="ISO 3166.", examples=["GH"]),
]
# One there is; a payment may also have been made where no list knows of.
Country = Annotated[CountryCode, AfterValidator(_listed_country)]
TimeZone = Annotated[
    Text, AfterValidator(_listed_zone), Field(description="IANA.", examples=["Africa/Accra"])
]
Color = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$", examples=["#0b6b63"])]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written_out),
    AfterValidator(_utc),
    Field(description="RFC 3339 with an offset.", examples=["2026-11-23T05:09:35Z"]),
]
DayOrMoment = Annotated[
    Moment,
    BeforeValidator(_a_day_begins),
    Field(description="A date alone is the beginning of that day in UTC.", examples=["2026-12-24"]),
]
