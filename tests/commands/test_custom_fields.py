"""Custom fields: an answer is what was asked for, or is refused."""

import pytest

from commands.custom_fields import WrongAnswer, answered


def ask(kind, answer, **more):
    field = {"name": "it", "label": "It", "type": kind, "required": False, "options": []} | more
    return answered([field], {"it": answer}).get("it", "")


@pytest.mark.parametrize(
    ("kind", "answer", "kept"),
    [
        ("number", "12.50", "12.50"),
        ("number", -3, "-3"),
        ("number", "1e3", "1e3"),
        ("number", 10**30, str(10**30)),
        ("date", "2026-11-28", "2026-11-28"),
        ("date", "20261128", "2026-11-28"),
        ("checkbox", True, "true"),
        ("checkbox", "Yes", "true"),
        ("checkbox", 1, "true"),
        ("checkbox", False, ""),
        ("checkbox", "off", ""),
        ("text", " L ", "L"),
        ("text", False, "false"),
        ("text", "", ""),
    ],
)
def test_an_answer_is_kept_as_text(kind, answer, kept):
    assert ask(kind, answer) == kept


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        *(("number", "nan"), ("number", "inf"), ("number", "1_000"), ("number", "1.500,00")),
        *(("number", True), ("number", False), ("number", "١٢")),
        *(("date", "28.11.2026"), ("date", True), ("email", True)),
        *(("checkbox", "maybe"), ("checkbox", 2), ("text", ["a"]), ("text", {"a": 1})),
    ],
)
def test_what_is_no_answer_is_refused(kind, answer):
    with pytest.raises(WrongAnswer):
        ask(kind, answer)


def test_what_is_none_of_the_options_is_refused():
    with pytest.raises(WrongAnswer, match="none of the options"):
        ask("select", "true", options=["S", "L"])
