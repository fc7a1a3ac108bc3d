"""Custom fields: what a link may ask its payers, and what they may answer."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from commands.fields import Object, Text
from domain.contact import email_address
from domain.errors import RuleBroken
from domain.payment_link import CustomField, FieldType

_MOST_FIELDS: Final = 20
_MOST_OPTIONS: Final = 100
_LONGEST_ANSWER: Final = 500

_TICKED: Final = {"true", "on", "1", "yes"}
_NOT_TICKED: Final = {"false", "off", "0", "no"}
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class WrongAnswer(RuleBroken):
    code = "validation_error"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"custom_fields.{name}: {reason}", field=f"custom_fields.{name}")


class AnswerMissing(WrongAnswer):
    def __init__(self, name: str) -> None:
        super().__init__(name, "is required")


class AnswerTooLong(WrongAnswer):
    most: Final = _LONGEST_ANSWER

    def __init__(self, name: str) -> None:
        super().__init__(name, f"must have no more than {self.most} characters")


class AskedField(BaseModel):
    """``name`` is what the answer is kept under; ``label`` is what the payer reads."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
    label: Annotated[Text, Field(min_length=1)] = ""
    type: FieldType = "text"
    required: bool = False
    options: Annotated[list[Annotated[Text, Field(min_length=1)]], Field(max_length=_MOST_OPTIONS)]

    @model_validator(mode="before")
    @classmethod
    def _named(cls, field: Any) -> Any:
        if not isinstance(field, Mapping):
            return field
        return {
            **field,
            "label": field.get("label") or field.get("name"),
            "options": field.get("options") or [],
        }

    @model_validator(mode="after")
    def _has_something_to_choose(self) -> Self:
        if (self.type == "select") != bool(self.options):
            raise ValueError("options are what a select, and only a select, has")
        return self


def _all_different(fields: list[AskedField]) -> list[AskedField]:
    if len({field.name for field in fields}) < len(fields):
        raise ValueError("has two fields of one name")
    return fields


CustomFields = Annotated[
    list[AskedField], Field(max_length=_MOST_FIELDS), AfterValidator(_all_different)
]
Answers = Object


def answered(fields: Sequence[CustomField], answers: Mapping[str, Any]) -> dict[str, str]:
    """The answers to what was asked, as text, and nothing else; raises WrongAnswer."""
    found = {field["name"]: answer_to(field, answers.get(field["name"])) for field in fields}
    return {name: answer for name, answer in found.items() if answer}


def answer_to(field: CustomField, answer: Any) -> str:
    """The answer to one question, as text, empty where there is none; raises WrongAnswer."""
    text = _text(field, answer)
    if not text and field["required"]:
        raise AnswerMissing(field["name"])
    return text


def _text(field: CustomField, answer: Any) -> str:
    if answer is None:
        return ""
    if isinstance(answer, bool):
        return _checked(field, "true" if answer else "false")
    if not isinstance(answer, (str, int, float, Decimal)):
        raise WrongAnswer(field["name"], "must be text")
    text = str(answer).strip()
    if len(text) > _LONGEST_ANSWER or "\x00" in text:
        raise AnswerTooLong(field["name"])
    return _checked(field, text) if text else ""


def _checked(field: CustomField, text: str) -> str:
    try:
        match field["type"]:
            case "number":
                return _number(text)
            case "date":
                return date.fromisoformat(text).isoformat()
            case "email":
                return email_address(text)
            case "checkbox":
                return _ticked(text.lower())
            case "select" if text not in field["options"]:
                raise WrongAnswer(field["name"], "is none of the options")
            case _:
                pass
    except ValueError:
        raise WrongAnswer(field["name"], f"is not a {field['type']}") from None
    return text


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return text


def _ticked(text: str) -> str:
    if text not in _TICKED | _NOT_TICKED:
        raise ValueError
    return "true" if text in _TICKED else ""
