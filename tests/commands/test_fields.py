"""Field types: what a value from outside may look like."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from commands.customers import CreateCustomer, UpdateCustomer
from commands.fields import (
    Amount,
    CountryCode,
    CurrencyCode,
    Email,
    ExternalId,
    Metadata,
    Moment,
    Phone,
    Tags,
    Text,
)


def read(kind, value):
    return TypeAdapter(kind).validate_python(value)


ACCEPTED = [
    (Text, "a" * 255, "a" * 255),
    (Text, "first\nsecond", "first\nsecond"),
    (Email, "Ama@EXAMPLE.com", "Ama@example.com"),
    (Email, "ama@shop.test", "ama@shop.test"),
    (Phone, "+233501234567", "+233501234567"),
    (Phone, "+233 024 412 3456", "+233244123456"),
    (Phone, "+2330244123456", "+233244123456"),
    (Phone, "+22997123456", "+22997123456"),
    (ExternalId, " usr_1\u200b", "usr_1"),
    (ExternalId, "zoe\u0301", "zo\u00e9"),
    (Tags, ["vip", "new", "vip"], ["vip", "new"]),
    (Tags, [" vip", "cafe\u0301", "vip\ufeff", "caf\u00e9"], ["vip", "caf\u00e9"]),
    (Metadata, {"plan": {"name": "pro", "seats": [1, 2.5, None]}}, None),
    (Metadata, {"a": r"the text \u0000 is not a NUL"}, None),
    (CurrencyCode, "ghs", "GHS"),
    (CountryCode, "gh", "GH"),
    (Amount, 10**12, 10**12),
    (Moment, "2026-11-23T05:09:35+01:00", datetime(2026, 11, 23, 4, 9, 35, tzinfo=UTC)),
    (Moment, "1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
]

REFUSED = [
    (Text, "a" * 256),
    (Text, "a\x00b"),
    (Text, 5),
    (Text, "\ud800"),
    (Email, "ama"),
    (Email, "ama@"),
    (Email, "a@b@example.com"),
    (Phone, "0501234567"),
    (Phone, "+0501234567"),
    (Phone, "+1234567"),
    (Phone, "+999123456789"),
    (ExternalId, "b" * 256),
    (ExternalId, "\U0001d15e" * 255),
    (Tags, ["a" * 65]),
    (Tags, [""]),
    (Tags, [" \u200b"]),
    (Tags, ["big, and slow"]),
    (Tags, [str(number) for number in range(51)]),
    (Metadata, {str(number): 1 for number in range(51)}),
    (Metadata, {"a": "x" * 33_000}),
    (Metadata, {"a": "\x00"}),
    (Metadata, {"a": "\\\x00"}),
    (Metadata, {"\x00": 1}),
    (Metadata, {"a": float("nan")}),
    (Metadata, {"a": float("inf")}),
    (Metadata, {"a": 2**65}),
    (Metadata, {"a": "\ud800"}),
    (Metadata, ["a"]),
    (CurrencyCode, "XXX"),
    (CurrencyCode, "cedi"),
    (CurrencyCode, 936),
    (CountryCode, "GHA"),
    (CountryCode, "ß"),
    (CountryCode, "ﬁ"),
    (Amount, 0),
    (Amount, -1),
    (Amount, 10**12 + 1),
    (Amount, 1.0),
    (Amount, "1"),
    (Amount, True),
    (Moment, "2026-11-23T05:09:35"),
    (Moment, "yesterday"),
    (Moment, 1_700_000_000),
    (Moment, "1700000000"),
    (Moment, "20261231"),
    (Moment, "1767139200000"),
    (Moment, "1969-12-31T23:59:59Z"),
    (Moment, "0001-01-01T00:00:00+14:00"),
]


@pytest.mark.parametrize(("kind", "value", "kept"), ACCEPTED, ids=lambda value: ascii(value)[:16])
def test_a_good_value_is_taken_in_its_plain_form(kind, value, kept):
    assert read(kind, value) == (value if kept is None else kept)


@pytest.mark.parametrize(("kind", "value"), REFUSED, ids=lambda value: ascii(value)[:16])
def test_a_bad_value_is_refused(kind, value):
    with pytest.raises(ValidationError):
        read(kind, value)


def test_metadata_nested_too_deep_is_refused():
    deep = {}
    for _ in range(2000):
        deep = {"a": deep}

    with pytest.raises(ValidationError):
        read(Metadata, deep)


def test_a_bad_phone_is_answered_with_an_example():
    for typed in ("0244123456", "+233 12", "call me"):
        with pytest.raises(ValidationError, match=r"E\.164, for example \+233201234567"):
            read(Phone, typed)


@pytest.mark.parametrize("nothing", ["", "  ", "\u200b", "\ufeff \t"])
def test_a_text_of_which_nothing_is_seen_says_nothing(nothing):
    created = CreateCustomer.model_validate({"external_id": nothing, "name": nothing})
    changing = UpdateCustomer.model_validate({"external_id": nothing, "name": "Ama"})

    assert created == CreateCustomer()
    assert changing.changes == {"name": "Ama"}
